// Keeps "5 min ago" true while the page stays open, and counts down what is left. The words are those
// of the server.
const EVERY = 1_000;
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

function two(large: number, unit: string, small: number, smallUnit: string): string {
  return small ? `${large} ${unit} ${small} ${smallUnit}` : `${large} ${unit}`;
}

function span(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < MINUTE) return `${whole} s`;
  if (whole < HOUR) return `${Math.floor(whole / MINUTE)} min`;
  if (whole < DAY) {
    return two(Math.floor(whole / HOUR), "h", Math.floor((whole % HOUR) / MINUTE), "min");
  }
  return two(Math.floor(whole / DAY), "d", Math.floor((whole % DAY) / HOUR), "h");
}

function words(seconds: number): string {
  if (seconds < 0) return `in ${span(-seconds)}`;
  return seconds < 5 ? "just now" : `${span(seconds)} ago`;
}

function countdown(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const minutes = Math.floor(whole / MINUTE);
  if (minutes < 1 || whole >= HOUR) return span(whole);
  return two(minutes, "min", whole % MINUTE, "s");
}

function keep(of: string, words: (passed: number) => string): void {
  document.querySelectorAll<HTMLTimeElement>(`time[${of}]`).forEach((time) => {
    const text = words((Date.now() - Date.parse(time.dateTime)) / 1000);
    if (time.textContent !== text) time.textContent = text;
  });
}

export function startTimes(): void {
  window.setInterval(() => {
    keep("data-ago", words);
    keep("data-left", (passed) => countdown(-passed));
  }, EVERY);
}
