// Buttons with data-copy="SELECTOR" put the text of that element on the clipboard.
const SHOWN = 2_000;

function textOf(element: Element): string {
  return element instanceof HTMLTextAreaElement ? element.value : (element.textContent ?? "");
}

/** For pages that are served without TLS from another machine, where there is no clipboard API. */
function copyBySelection(text: string): boolean {
  const area = document.createElement("textarea");
  area.value = text;
  area.setAttribute("readonly", "");
  area.className = "offscreen";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

async function put(text: string): Promise<boolean> {
  if (!window.isSecureContext) return copyBySelection(text);
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

async function copy(button: HTMLElement): Promise<void> {
  const source = document.querySelector(button.dataset["copy"] ?? "");
  const label = button.querySelector("span");
  if (!source || !label || button.dataset["copied"]) return;
  const before = label.textContent;
  const done = await put(textOf(source));
  button.focus();
  button.dataset["copied"] = "yes";
  label.setAttribute("aria-live", "polite");
  label.textContent = done ? "Copied" : "Select and copy by hand";
  window.setTimeout(() => {
    label.textContent = before;
    delete button.dataset["copied"];
  }, SHOWN);
}

export function startCopy(): void {
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLElement>("[data-copy]");
    if (button) void copy(button);
  });
}
