/** An event of a stream of server-sent events, as it was sent. */
export interface Frame {
  /** Empty where the server sent none. */
  id: string;
  name: string;
  data: string;
}

/** Reads frames of text that comes in pieces, wherever it is cut; `onFrame` gets each as it ends. */
export function newFrameReader(onFrame: (frame: Frame) => void) {
  let rest = "";
  let lines: string[] = [];
  const end = () => {
    const frame = frameOf(lines);
    lines = [];
    if (frame) onFrame(frame);
  };
  return (text: string) => {
    const all = (rest + text).split(/\r?\n/);
    rest = all.pop() ?? "";
    for (const line of all) {
      if (line) lines.push(line);
      else end();
    }
  };
}

/** Lines without data are a comment, which keeps the connection alive. */
function frameOf(lines: readonly string[]): Frame | undefined {
  const field = (name: string) =>
    lines
      .filter((line) => line.startsWith(`${name}:`))
      .map((line) => line.slice(name.length + 1).replace(/^ /, ""));
  const data = field("data");
  if (data.length === 0) return undefined;
  return { id: field("id").at(-1) ?? "", name: field("event").at(-1) ?? "message", data: data.join("\n") };
}
