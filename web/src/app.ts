// The one script of every page. Pages work without it; it adds partial updates and the islands.
import htmx from "htmx.org";
import { startCalendar } from "./calendar";
import { startCopy } from "./copy";
import { refuseEval } from "./eval";
import { startKeys } from "./keys";
import { startLive } from "./live";
import { startPush } from "./push";
import { startSound } from "./sound";
import { startTimes } from "./times";
import { startToggle } from "./toggle";

refuseEval();

// Only same-origin fragments are ever swapped in, and a form's answer is shown when it is a
// refusal too (422 carries the form with its errors).
htmx.config.mode = "same-origin";
htmx.config.history = "reload";
htmx.config.defaultTimeout = 15_000;
// What the reader opened or closed stays so.
htmx.config.morphIgnore = [...htmx.config.morphIgnore, "open"];
// These say "Copied" for a while, which an update must not cut short.
htmx.config.morphSkip = "[data-copy]";

startToggle();
startCopy();
startCalendar();
startTimes();
startKeys();
startSound();
startPush();
startLive();
