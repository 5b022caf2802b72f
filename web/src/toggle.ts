// The theme button: system, light, dark, and round again.
const ORDER = ["system", "light", "dark"] as const;
type Theme = (typeof ORDER)[number];

const root = document.documentElement;

function current(): Theme {
  const chosen = root.dataset["theme"];
  return chosen === "light" || chosen === "dark" ? chosen : "system";
}

function choose(theme: Theme): void {
  if (theme === "system") delete root.dataset["theme"];
  else root.dataset["theme"] = theme;
  try {
    localStorage.setItem("theme", theme);
  } catch {
    // Storage is switched off: the choice holds for this page.
  }
}

function label(button: Element): void {
  const word = button.querySelector("b");
  if (word) word.textContent = current();
}

export function startToggle(): void {
  document.querySelectorAll("[data-theme-toggle]").forEach((button) => {
    label(button);
    button.addEventListener("click", () => {
      choose(ORDER[(ORDER.indexOf(current()) + 1) % ORDER.length] ?? "system");
      label(button);
    });
  });
}
