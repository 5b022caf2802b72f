// The one script of every page. Pages work without it; it adds partial updates and the islands.
import htmx from "htmx.org";
import { refuseEval } from "./eval";

refuseEval();

// Only same-origin fragments are ever swapped in, and a form's answer is shown when it is a
// refusal too (422 carries the form with its errors).
htmx.config.mode = "same-origin";
htmx.config.history = "reload";
htmx.config.defaultTimeout = 15_000;
