// What the gateway itself says of a thread.
import { gateway } from "./browser.js";

const read = async (path) => (await fetch(gateway + path)).json();

export const runsOf = (threadId) => read(`/threads/${threadId}/runs`);
export const stateOf = (threadId) => read(`/threads/${threadId}/state`);

export async function messagesOf(threadId) {
  const { values } = await stateOf(threadId);
  return (values.messages ?? []).map(({ content }) => (typeof content === "string" ? content : content[0].text));
}
