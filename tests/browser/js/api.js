// What the gateway itself says of a thread.
import { gateway } from "./browser.js";

const read = async (path) => (await fetch(gateway + path)).json();

export const runsOf = (threadId) => read(`/threads/${threadId}/runs`);
export const stateOf = (threadId) => read(`/threads/${threadId}/state`);

export async function messagesOf(threadId) {
  const { values } = await stateOf(threadId);
  return (values.messages ?? []).map(({ content }) => (typeof content === "string" ? content : content[0].text));
}

/** A run that another program starts and waits for. */
export async function runElsewhere(threadId, assistantId, content) {
  const input = { messages: [{ type: "human", content }] };
  const body = JSON.stringify({ assistant_id: assistantId, input });
  const answer = await fetch(`${gateway}/threads/${threadId}/runs/wait`, { method: "POST", body });
  if (!answer.ok) throw new Error(await answer.text());
}

/** Put messages into a thread's state, without a run. */
export async function addMessage(threadId, content) {
  const body = JSON.stringify({ values: { messages: [{ type: "human", content }] } });
  const answer = await fetch(`${gateway}/threads/${threadId}/state`, { method: "POST", body });
  if (!answer.ok) throw new Error(await answer.text());
}
