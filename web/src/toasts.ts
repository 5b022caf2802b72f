// Says it aloud when a new critical message has come in while the page is open.
const SHOWN = 15_000;

let known = newest();

function newest(): number {
  return Number(document.getElementById("bell")?.dataset["critical"] ?? 0);
}

function toast(text: string, href: string): void {
  const place = document.getElementById("toasts");
  if (!place) return;
  const note = document.createElement("div");
  note.className = "toast";
  const link = document.createElement("a");
  link.href = href;
  link.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "quiet";
  close.textContent = "Close";
  close.addEventListener("click", () => note.remove());
  note.append(link, close);
  place.append(note);
  window.setTimeout(() => note.remove(), SHOWN);
}

export function toastNewCriticals(): void {
  const bell = document.getElementById("bell");
  const id = newest();
  if (!bell || id <= known) return;
  known = id;
  const incident = bell.dataset["incident"];
  toast(bell.dataset["subject"] ?? "A new critical message", incident ? `/incidents/${incident}` : "/inbox");
}
