// "Push on this device": asks the browser for a subscription and hands it to Sentinel.
import { deviceName } from "./device-name";

function bytes(base64url: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function say(text: string): void {
  const place = document.getElementById("push-said");
  if (place) place.textContent = text;
}

function obstacle(): string | undefined {
  if (!window.isSecureContext) return "Browsers allow this on https:// pages alone.";
  if (!("serviceWorker" in navigator) || !("PushManager" in window)) {
    return "This browser has no push messages. On an iPhone or iPad, put Sentinel on the home screen (Share, Add to Home Screen) and open it from there.";
  }
  return undefined;
}

async function subscribe(key: string): Promise<PushSubscription> {
  const registration = await navigator.serviceWorker.register("/push-worker.js");
  await navigator.serviceWorker.ready;
  const before = await registration.pushManager.getSubscription();
  // One that was made with another key can't be used, and stands in the way of a new one.
  await before?.unsubscribe();
  return registration.pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: bytes(key),
  });
}

async function hand(subscription: PushSubscription, csrf: string): Promise<void> {
  const { endpoint, keys } = subscription.toJSON();
  const fields = { endpoint, p256dh: keys?.["p256dh"], auth: keys?.["auth"], name: deviceName() };
  const body = new URLSearchParams({ csrf });
  for (const [name, value] of Object.entries(fields)) body.set(name, value ?? "");
  const response = await fetch("/settings/devices/add", { method: "POST", body });
  if (!response.ok) throw new Error(await response.text());
}

async function switchOn(button: HTMLButtonElement): Promise<void> {
  if ((await Notification.requestPermission()) !== "granted") {
    say("The browser was told to show no notifications of this page: allow them in its settings.");
    return;
  }
  button.disabled = true;
  say("Asking the browser…");
  try {
    await hand(await subscribe(button.dataset["push"] ?? ""), button.dataset["csrf"] ?? "");
    location.assign("/settings/devices?done=device");
  } catch (error) {
    say(`It could not be switched on: ${error instanceof Error ? error.message : String(error)}`);
    button.disabled = false;
  }
}

export function startPush(): void {
  const button = document.querySelector<HTMLButtonElement>("button[data-push]");
  if (!button) return;
  const reason = obstacle();
  if (reason) {
    button.disabled = true;
    say(reason);
    return;
  }
  button.addEventListener("click", () => void switchOn(button));
}
