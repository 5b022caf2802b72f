// Two short tones for a critical message, made here: there is no file to load. Browsers let a page
// make sounds only after its reader has touched it, so that is waited for. Buttons with
// data-sound-toggle switch it off and on for this browser.
const TONES = [880, 660];
const LENGTH = 0.18;
const VOLUME = 0.2;

let context: AudioContext | undefined;

function isOn(): boolean {
  try {
    return localStorage.getItem("sound") !== "off";
  } catch {
    return true;
  }
}

function choose(on: boolean): void {
  try {
    localStorage.setItem("sound", on ? "on" : "off");
  } catch {
    // Storage is switched off: the choice can't be kept.
  }
}

function play(audio: AudioContext): void {
  TONES.forEach((frequency, index) => {
    const begin = audio.currentTime + index * LENGTH;
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    tone.frequency.value = frequency;
    // Without the slopes it would click.
    volume.gain.setValueAtTime(0, begin);
    volume.gain.linearRampToValueAtTime(VOLUME, begin + 0.02);
    volume.gain.linearRampToValueAtTime(0, begin + LENGTH);
    tone.connect(volume).connect(audio.destination);
    tone.start(begin);
    tone.stop(begin + LENGTH);
  });
}

export function ring(): void {
  if (isOn() && context?.state === "running") play(context);
}

function unlock(): void {
  context ??= new AudioContext();
  void context.resume();
}

function label(button: Element): void {
  button.setAttribute("aria-pressed", String(isOn()));
}

export function startSound(): void {
  for (const gesture of ["pointerdown", "keydown"]) {
    document.addEventListener(gesture, unlock, { once: true, capture: true });
  }
  document.querySelectorAll("[data-sound-toggle]").forEach(label);
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest("[data-sound-toggle]");
    if (!button) return;
    choose(!isOn());
    label(button);
    ring();
  });
}
