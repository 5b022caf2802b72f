// htmx can run expressions from attributes (hx-on, js: values, trigger filters). The content
// security policy forbids that already; refusing it here as well names the attribute at fault.
import htmx from "htmx.org";

class Refused {
  constructor(...source: string[]) {
    throw new Error(`expressions in attributes are not used here: ${source.at(-1) ?? ""}`);
  }
}

interface Security {
  initSecurity(policy: null, sync: typeof Refused, async: typeof Refused): void;
}

export function refuseEval(): void {
  htmx.registerExtension("refuse-eval", {
    init: (internal: unknown) => {
      (internal as Security).initSecurity(null, Refused, Refused);
    },
  });
}
