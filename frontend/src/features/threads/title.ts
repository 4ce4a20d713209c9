/** What a thread is called: the text of its first message, which is kept when its first step is over. */
export function titleOf(content: unknown): string {
  const text =
    typeof content === "string" ? content : Array.isArray(content) ? content.map(textOf).join(" ") : "";
  return text.trim().replace(/\s+/g, " ").slice(0, 120) || "New thread";
}

const textOf = (block: unknown) =>
  typeof block === "object" && block !== null && "text" in block ? String(block.text) : "";
