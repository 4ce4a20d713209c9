// Measures in the browser: from pressing send to the first painted token of the sample `echo`. RUNLINE_URL names the gateway.
import { launch, openWindow } from "./browser.js";
import { Playground } from "./playground.js";

const ROUNDS = 15;
const browser = await launch();

/** Milliseconds from the key to the frame after the answer's first text is in the document. */
const watch = () =>
  new Promise((resolve) => {
    const count = () => document.querySelectorAll("[data-kind=ai]").length;
    const before = count();
    let pressed;
    addEventListener("keydown", () => (pressed = performance.now()), { once: true, capture: true });
    const observer = new MutationObserver(() => {
      if (count() === before) return;
      observer.disconnect();
      requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - pressed)));
    });
    observer.observe(document.body, { subtree: true, childList: true });
  });

for (const hook of ["classic", "v2"]) {
  const { context } = await openWindow(browser);
  const playground = await Playground.open(context, hook);
  const times = [];
  for (let round = 0; round < ROUNDS; round++) {
    await playground.field.fill(`Hello ${round}`);
    const seen = playground.page.evaluate(watch);
    await playground.field.press("Enter");
    times.push(await seen);
    await playground.rests();
  }
  const [first, ...later] = times.map(Math.round);
  later.sort((one, other) => one - other);
  console.log(`${hook}: first message ${first} ms; later ones p50 ${later[later.length >> 1]} ms, worst ${later.at(-1)} ms`);
  await context.close();
}
await browser.close();
