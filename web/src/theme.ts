// Runs before the page is painted, so that a chosen theme does not flash. Loaded as a classic
// script: it imports and exports nothing.
{
  const root = document.documentElement;
  root.classList.add("js");
  try {
    const chosen = localStorage.getItem("theme");
    if (chosen === "light" || chosen === "dark") root.dataset["theme"] = chosen;
  } catch {
    // Storage is switched off: the system's theme it is.
  }
}
