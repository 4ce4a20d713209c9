/** An error in words: a name, if it has a telling one, and a message. */
export interface Told {
  name?: string;
  message: string;
}

const SAYS_NOTHING = ["Error", "StreamError", "Refused"];

/** Read an error of a hook, of the gateway, or of a run (`{error, message}`). */
export function tell(error: unknown): Told {
  if (error instanceof Error)
    return { name: SAYS_NOTHING.includes(error.name) ? undefined : error.name, message: error.message };
  if (typeof error === "object" && error !== null && "message" in error)
    return { name: "error" in error ? String(error.error) : undefined, message: String(error.message) };
  return { message: String(error) };
}
