// Tells of messages that came in while the page is open: a note, and for a critical one a sound.
import { ring } from "./sound";
import { toast } from "./toasts";

function bell(): DOMStringMap {
  return document.getElementById("bell")?.dataset ?? {};
}

function newest(): number {
  return Number(bell()["newest"] ?? 0);
}

let known = newest();
let alarmed = Number(bell()["critical"] ?? 0);

function place(incident: string | undefined): string {
  return incident ? `/incidents/${incident}` : "/inbox";
}

export function tellNews(): void {
  const now = bell();
  const critical = Number(now["critical"] ?? 0);
  if (critical > alarmed) {
    toast(now["subject"] ?? "A new critical message", place(now["incident"]), true);
    ring();
  }
  const id = newest();
  // The critical one has been told already.
  if (id > known && id !== critical) {
    toast(now["newestSubject"] ?? "A new message", place(now["newestIncident"]), false);
  }
  known = Math.max(known, id);
  alarmed = Math.max(alarmed, critical);
}
