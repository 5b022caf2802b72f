// A small application with the unmodified SDK. Usage: node shop.js DSN handled|unhandled
const Sentry = require("@sentry/node");

const [dsn, how] = process.argv.slice(2);
Sentry.init({ dsn, release: "shop@2.0.0", environment: "production", serverName: "web-1" });
Sentry.setUser({ id: "bob" });
Sentry.setTag("tenant", "globex");
Sentry.setTag("code", "PAYMENT_API_FAILURE");

function charge(order) {
  throw new TypeError(`card of order ${order} refused`);
}

function checkout(order) {
  Sentry.addBreadcrumb({ category: "order", message: `checkout of ${order}` });
  try {
    charge(order);
  } catch (error) {
    throw new Error(`order ${order} not paid`, { cause: error });
  }
}

async function main() {
  // Each order begins anew on the event loop, as a request would.
  for await (const order of [2001, 2002]) {
    try {
      checkout(order);
    } catch (error) {
      Sentry.captureException(error);
    }
    if (!(await Sentry.flush(20_000))) process.exit(3);
  }
}

if (how === "unhandled") checkout(2003);
else main();
