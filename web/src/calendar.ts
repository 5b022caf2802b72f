// The on-call week: dragging over a schedule's row fills in the form below it, which does the same
// for those who write. Places in a row are shares of the time between its two ends.
const STEP = 900;
// A finger trembles more than a mouse.
const SHORTEST = { touch: 12, other: 4 };

interface Span {
  start: number;
  end: number;
}

/** The time by the clocks of a zone, as a field for a date and a time takes it. */
function wall(at: number, zone: string): string {
  const parts = new Intl.DateTimeFormat("en-CA", {
    timeZone: zone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }).formatToParts(new Date(at * 1000));
  const of = (type: string): string => parts.find((part) => part.type === type)?.value ?? "";
  return `${of("year")}-${of("month")}-${of("day")}T${of("hour")}:${of("minute")}`;
}

class OnCallWeek extends HTMLElement {
  private row: SVGSVGElement | undefined;
  private from = 0;
  private drawn: SVGRectElement | undefined;

  connectedCallback(): void {
    if (!this.form) return;
    this.classList.add("draws");
    this.addEventListener("pointerdown", (event) => this.begin(event));
    this.addEventListener("pointermove", (event) => this.move(event));
    this.addEventListener("pointerup", (event) => this.end(event));
    this.addEventListener("pointercancel", () => this.stop());
  }

  private get form(): HTMLFormElement | null {
    return document.querySelector<HTMLFormElement>("form.override-form");
  }

  private begin(event: PointerEvent): void {
    const row = (event.target as Element).closest<SVGSVGElement>("svg.shifts");
    // On a touch screen, up and down scrolls the page: the browser takes that away with a
    // pointercancel (`touch-action` of the row).
    if (!row || event.button !== 0 || !event.isPrimary) return;
    event.preventDefault();
    this.row = row;
    this.from = event.clientX;
    this.setPointerCapture(event.pointerId);
    this.drawn = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    this.drawn.setAttribute("class", "drawn");
    this.drawn.setAttribute("y", "2");
    this.drawn.setAttribute("height", "44");
    row.append(this.drawn);
  }

  private move(event: PointerEvent): void {
    if (!this.row || !this.drawn) return;
    const box = this.row.getBoundingClientRect();
    const at = Math.min(Math.max(event.clientX, box.left), box.right);
    this.drawn.setAttribute("x", String(Math.min(this.from, at) - box.left));
    this.drawn.setAttribute("width", String(Math.abs(at - this.from)));
  }

  private end(event: PointerEvent): void {
    const row = this.row;
    const least = event.pointerType === "touch" ? SHORTEST.touch : SHORTEST.other;
    const span = row && this.spanOf(row, event.clientX, least);
    this.stop();
    if (row && span) this.fill(row.dataset["schedule"] ?? "", span);
  }

  private stop(): void {
    this.drawn?.remove();
    this.drawn = undefined;
    this.row = undefined;
  }

  /** To quarters of an hour; undefined where the pointer hardly moved. */
  private spanOf(row: SVGSVGElement, to: number, least: number): Span | undefined {
    if (Math.abs(to - this.from) < least) return undefined;
    const box = row.getBoundingClientRect();
    const start = Number(row.dataset["start"]);
    const end = Number(row.dataset["end"]);
    const at = (x: number): number => {
      const share = Math.min(Math.max((x - box.left) / box.width, 0), 1);
      return Math.round((start + share * (end - start)) / STEP) * STEP;
    };
    const [first, last] = [at(Math.min(this.from, to)), at(Math.max(this.from, to))];
    return first < last ? { start: first, end: last } : undefined;
  }

  private fill(schedule: string, span: Span): void {
    const form = this.form;
    if (!form) return;
    const zone = this.dataset["zone"] ?? "UTC";
    const put = (name: string, value: string): void => {
      const field = form.elements.namedItem(name) as HTMLInputElement | HTMLSelectElement | null;
      if (field) field.value = value;
    };
    put("schedule", schedule);
    put("starts", wall(span.start, zone));
    put("ends", wall(span.end, zone));
    (form.elements.namedItem("person") as HTMLSelectElement | null)?.focus();
    form.scrollIntoView({ block: "nearest" });
  }
}

export function startCalendar(): void {
  customElements.define("on-call-week", OnCallWeek);
}
