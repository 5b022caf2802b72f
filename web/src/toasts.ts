// Notes at the edge of the page. What is urgent is read out at once, the rest when there is a pause.
const SHOWN = 15_000;

export function toast(text: string, href: string, urgent: boolean): void {
  const place = document.getElementById(urgent ? "toasts" : "notes");
  if (!place) return;
  const note = document.createElement("div");
  note.className = urgent ? "toast urgent" : "toast";
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
  // Whoever is about to follow it must not see it go.
  const end = (): void => {
    if (note.matches(":hover, :focus-within")) window.setTimeout(end, SHOWN);
    else note.remove();
  };
  window.setTimeout(end, SHOWN);
}
