/** Calls of the gateway that serves this console. */

/** The API's root, without a slash at its end: the console stands one folder below it. */
export const apiUrl = new URL("..", document.baseURI).href.replace(/\/$/, "");

/** An answer that is not 2xx; the message is the gateway's own sentence. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
    this.name = "Refused";
  }
}

/** Call an operation of the API and read its JSON; null for an empty answer. Throws Refused. */
export async function call<T>(path: string, body?: unknown, method = body ? "POST" : "GET"): Promise<T> {
  const answer = await fetch(apiUrl + path, {
    method,
    body: body === undefined ? undefined : JSON.stringify(body),
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
  });
  const text = await answer.text();
  if (!answer.ok) throw new Refused(answer.status, detail(text) ?? answer.statusText);
  return JSON.parse(text || "null");
}

function detail(text: string): string | undefined {
  try {
    return JSON.parse(text).detail;
  } catch {
    return undefined;
  }
}
