const atKey = "runline.reloaded-at";
const soonMs = 10_000;

/**
 * Load the page anew when a piece of it is gone: a console that was rebuilt since has others. If a piece is gone
 * soon after that as well, the error is left to whoever wanted the piece: another load would not help.
 */
export function reloadWhenRebuilt(reload: () => void, now: () => number = Date.now): void {
  window.addEventListener("vite:preloadError", (event) => {
    const before = Number(sessionStorage.getItem(atKey));
    if (now() - before < soonMs) return;
    sessionStorage.setItem(atKey, String(now()));
    event.preventDefault();
    reload();
  });
}
