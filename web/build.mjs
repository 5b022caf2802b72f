// Bundles the browser sources into the Python package, under names that carry a hash of their
// contents, and writes manifest.json: {"app.js": "app-HASH.js", "style.css": "style-HASH.css"}.
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const out = join(here, "../src/sentinel/web/static");

const { outputFiles, metafile } = await build({
  absWorkingDir: here,
  entryPoints: ["src/app.ts", "src/theme.ts", "src/push-worker.ts", "src/style.css", "src/public.css", "src/public-inner.css", "src/icons/icon-180.png", "src/icons/icon-192.png", "src/icons/icon-512.png"],
  loader: { ".png": "copy" },
  outdir: out,
  entryNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "eof",
  metafile: true,
  write: false,
});

const manifest = {};
for (const [path, { entryPoint }] of Object.entries(metafile.outputs)) {
  if (entryPoint) manifest[basename(entryPoint).replace(/\.ts$/, ".js")] = basename(path);
}

// The manifest is written last, so that a running daemon never reads a name that isn't there yet.
await mkdir(out, { recursive: true });
for (const file of outputFiles) await writeFile(file.path, file.contents);
await writeFile(join(out, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);

const current = new Set(["manifest.json", ...outputFiles.map((file) => basename(file.path))]);
for (const name of await readdir(out)) {
  if (!current.has(name)) await rm(join(out, name), { recursive: true });
}
