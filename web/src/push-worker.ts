// Runs when the page is closed: shows what is pushed, and opens what is clicked. Loaded as a classic
// script: it imports and exports nothing.
{
  interface Shown {
    title: string;
    body: string;
    url: string;
    tag: string;
    severity: string;
    reason: string;
  }
  interface Waiting extends Event {
    waitUntil(promise: Promise<unknown>): void;
  }
  interface Push extends Waiting {
    data: { json(): Shown } | null;
  }
  interface Click extends Waiting {
    notification: Notification;
  }
  interface Tab {
    url: string;
    focus(): Promise<Tab>;
  }
  interface Worker {
    registration: ServiceWorkerRegistration;
    clients: {
      matchAll(options: { type: "window"; includeUncontrolled: boolean }): Promise<Tab[]>;
      openWindow(url: string): Promise<Tab | null>;
    };
    location: Location;
  }
  // The library of the page has no types of a worker's own world.
  const worker = self as unknown as Worker;

  // Every push has to be shown, or the browser takes the permission back.
  const UNREADABLE: Shown = {
    title: "A message from Sentinel",
    body: "",
    url: "/inbox",
    tag: "unreadable",
    severity: "info",
    reason: "",
  };

  const read = (push: Push): Shown => {
    try {
      return push.data?.json() ?? UNREADABLE;
    } catch {
      return UNREADABLE;
    }
  };

  const show = (shown: Shown): Promise<void> =>
    worker.registration.showNotification(shown.title, {
      body: shown.body,
      tag: shown.tag,
      // News of an incident takes the place of the older note, and is heard again.
      renotify: shown.reason !== "resolved",
      requireInteraction: shown.severity === "critical" && shown.reason === "firing",
      data: shown.url,
    } as NotificationOptions);

  const open = async (url: string): Promise<void> => {
    const here = new URL(url || "/inbox", worker.location.origin);
    // Only pages of ours: a message can't send its reader elsewhere.
    const href = here.origin === worker.location.origin ? here.href : worker.location.origin;
    const tabs = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
    const tab = tabs.find((one) => one.url === href);
    await (tab ? tab.focus() : worker.clients.openWindow(href));
  };

  self.addEventListener("push", (event) => {
    const push = event as Push;
    push.waitUntil(show(read(push)));
  });
  self.addEventListener("notificationclick", (event) => {
    const click = event as Click;
    click.notification.close();
    click.waitUntil(open(String(click.notification.data ?? "")));
  });
}
