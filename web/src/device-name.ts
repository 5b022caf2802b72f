// What this browser is called in the list of devices: enough to tell it from the others.
const BROWSERS: [RegExp, string][] = [
  [/Edg\//, "Edge"],
  [/OPR\//, "Opera"],
  [/Firefox\//, "Firefox"],
  [/Chrome\//, "Chrome"],
  [/Safari\//, "Safari"],
];
const SYSTEMS: [RegExp, string][] = [
  [/Android/, "Android"],
  [/iPhone|iPad/, "iOS"],
  [/Windows/, "Windows"],
  [/Mac OS/, "macOS"],
  [/Linux/, "Linux"],
];

function first(found: [RegExp, string][], fallback: string): string {
  return found.find(([pattern]) => pattern.test(navigator.userAgent))?.[1] ?? fallback;
}

export function deviceName(): string {
  return `${first(BROWSERS, "Browser")} on ${first(SYSTEMS, "another system")}`;
}
