// Measures in the browser: from pressing send to the first painted token of the sample `echo`, and where the time goes.
// RUNLINE_URL names the gateway.
import { launch, openWindow } from "./browser.js";
import { Playground } from "./playground.js";

const ROUNDS = 15;

/** In the page: when the key was pressed, each request was sent and answered, and the first words of an answer came. */
function trace() {
  const marks = { requests: [] };
  const watching = { marks };
  addEventListener("keydown", () => (marks.pressed ??= performance.now()), { capture: true });
  const asked = window.fetch;
  window.fetch = async (address, init) => {
    const request = { path: new URL(address, location).pathname.replace(/[0-9a-f-]{36}/g, "*"), sent: performance.now() };
    marks.requests.push(request);
    const answer = await asked(address, init);
    request.answered = performance.now();
    if (!answer.headers.get("content-type")?.includes("event-stream")) return answer;
    const words = new TextDecoder();
    const seen = new TransformStream({
      transform(chunk, controller) {
        if (marks.pressed && words.decode(chunk, { stream: true }).includes("You")) marks.told ??= performance.now();
        controller.enqueue(chunk);
      },
    });
    return new Response(answer.body.pipeThrough(seen), answer);
  };
  watching.painted = () =>
    new Promise((resolve) => {
      const count = () => document.querySelectorAll("[data-kind=ai]").length;
      const before = count();
      delete marks.pressed;
      delete marks.told;
      marks.requests.length = 0;
      const observer = new MutationObserver(() => {
        if (count() === before) return;
        observer.disconnect();
        marks.shown = performance.now();
        requestAnimationFrame(() => setTimeout(() => resolve({ ...marks, painted: performance.now() })));
      });
      observer.observe(document.body, { subtree: true, childList: true });
    });
  window.watching = watching;
}

async function ask(playground, words) {
  await playground.field.fill(words);
  const painted = playground.page.evaluate(() => window.watching.painted());
  await playground.field.press("Enter");
  const marks = await painted;
  await playground.rests();
  return marks;
}

const median = (numbers) => numbers.toSorted((one, other) => one - other)[numbers.length >> 1];

function tell(what, rounds) {
  const since = (pick) => rounds.map((marks) => pick(marks) - marks.pressed).filter((time) => !Number.isNaN(time));
  const line = (pick) => Math.round(median(since(pick)));
  const totals = since(({ painted }) => painted).map(Math.round);
  console.log(`${what}: p50 ${median(totals)} ms, worst ${Math.max(...totals)} ms; told ${line(({ told }) => told)} ms, shown ${line(({ shown }) => shown)} ms`);
  const last = rounds.at(-1);
  const paths = new Set(last.requests.filter(({ sent }) => sent < last.painted).map(({ path }) => path));
  for (const path of paths) {
    const when = (what) => line(({ requests }) => requests.find((request) => request.path === path)?.[what]);
    console.log(`    ${path}: sent ${when("sent")} ms, answered ${when("answered")} ms`);
  }
}

const browser = await launch();
for (const hook of ["classic", "v2"]) {
  const { context } = await openWindow(browser);
  await context.addInitScript(trace);
  const fresh = [];
  for (let round = 0; round < ROUNDS; round++) {
    const playground = await Playground.open(context, hook);
    fresh.push(await ask(playground, `Hello ${round}`));
    await playground.page.close();
  }
  tell(`${hook}, new threads`, fresh);
  const playground = await Playground.open(context, hook);
  await ask(playground, "Hello");
  const later = [];
  for (let round = 0; round < ROUNDS; round++) later.push(await ask(playground, `Hello ${round}`));
  tell(`${hook}, later messages`, later);
  await context.close();
}
await browser.close();
