const TRIES = 5;
const PAUSE = 250;
const AWAY = [429, 502, 503, 504];

/** A fetch that tries again, some seconds long, while the gateway is away or asks for patience. Aborted, it does not. */
export function persistent(fetch: typeof globalThis.fetch, pause = PAUSE): typeof globalThis.fetch {
  return async (input, init) => {
    for (let attempt = 1; ; attempt++) {
      const isLast = attempt === TRIES;
      try {
        const answer = await fetch(input, init);
        if (isLast || !AWAY.includes(answer.status)) return answer;
      } catch (error) {
        if (isLast || init?.signal?.aborted) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, pause * 2 ** attempt));
    }
  };
}
