// One connection a tab tells which kinds of things changed. The page is then asked for again, and
// its parts marked data-live="TOPICS" are brought up to date in place: focus, open details and the
// reader's place stay.
import htmx from "htmx.org";
import { tellNews } from "./news";

const AT_MOST_EVERY = 1_000;
const TRY_AGAIN = 10_000;
const PATIENCE = 5_000;

let source: EventSource | undefined;
let waiting = new Set<string>();
let timer: number | undefined;
let last = 0;
let complaint: number | undefined;

function regionsOf(topics: Set<string>): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>("[data-live]")].filter((region) =>
    (region.dataset["live"] ?? "").split(" ").some((topic) => topics.has(topic)),
  );
}

function complain(text: string): void {
  const banner = document.getElementById("offline");
  if (!banner) return;
  banner.textContent = text;
  banner.hidden = false;
}

function calm(): void {
  window.clearTimeout(complaint);
  complaint = undefined;
  const banner = document.getElementById("offline");
  if (banner) banner.hidden = true;
}

async function refresh(): Promise<void> {
  timer = undefined;
  last = Date.now();
  const regions = regionsOf(waiting);
  waiting = new Set();
  if (!regions.length) return;
  const response = await fetch(location.href, { headers: { "HX-Request": "true" } });
  if (response.redirected && new URL(response.url).pathname === "/sign-in") {
    stop();
    complain("You are signed out. Reload the page to sign in.");
    return;
  }
  if (!response.ok) return;
  const text = await response.text();
  for (const region of regions) {
    if (!region.isConnected || !region.id) continue;
    await htmx.swap({ text, target: region, select: `#${region.id}`, swap: "outerMorph" });
  }
  tellNews();
}

function ask(topics: Iterable<string>): void {
  for (const topic of topics) waiting.add(topic);
  if (timer !== undefined) return;
  const pause = Math.max(0, last + AT_MOST_EVERY - Date.now());
  timer = window.setTimeout(() => {
    // A refresh that fails is made up for when the connection is back.
    refresh().catch(() => undefined);
  }, pause);
}

function askForAll(): void {
  ask([...document.querySelectorAll<HTMLElement>("[data-live]")].flatMap((region) =>
    (region.dataset["live"] ?? "").split(" "),
  ));
}

function start(): void {
  if (source) return;
  source = new EventSource("/live");
  source.onopen = () => {
    calm();
    // Whatever changed while nobody listened, even between this page and this moment.
    askForAll();
  };
  source.onmessage = (event: MessageEvent<string>) => ask(event.data.split(" "));
  source.onerror = () => {
    complaint ??= window.setTimeout(
      () => complain("Not live: the connection to Sentinel is lost. Trying again…"),
      PATIENCE,
    );
    if (source?.readyState !== EventSource.CLOSED) return;
    stop();
    window.setTimeout(start, TRY_AGAIN);
  };
}

function stop(): void {
  source?.close();
  source = undefined;
}

export function startLive(): void {
  if (!document.querySelector("[data-live]")) return;
  // Browsers allow few connections to one host, so tabs that nobody looks at give theirs back.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      stop();
      calm();
    } else {
      start();
    }
  });
  if (!document.hidden) start();
}
