import { useMemo } from "react";
import classes from "./diff-block.module.css";
import { type Line, linesOf } from "./lines";

const MOST = 600;

interface Props {
  /** Undefined where there was nothing, or is nothing any more. */
  before: string | undefined;
  after: string | undefined;
}

/** Two texts as one, with the lines that came and went. */
export function DiffBlock({ before, after }: Props) {
  const lines = useMemo(() => differenceOf(before, after), [before, after]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
    <pre className={classes.block} tabIndex={0}>
      {lines.slice(0, MOST).map((line, place) => (
        <DiffLine key={place} line={line} />
      ))}
      {lines.length > MOST && <span className={classes.gap}>{`${lines.length - MOST} more lines`}</span>}
    </pre>
  );
}

function differenceOf(before: string | undefined, after: string | undefined): Line[] {
  if (before !== undefined && after !== undefined) return linesOf(before, after);
  const kind = before === undefined ? "added" : "removed";
  return (before ?? after ?? "").split("\n").map((text) => ({ kind, text }));
}

const tags = { added: "ins", removed: "del", same: "span" } as const;

function DiffLine({ line }: { line: Line }) {
  if (line.kind === "gap")
    return <span className={classes.gap}>{line.count === 1 ? "1 line" : `${line.count} lines`}</span>;
  const Tag = tags[line.kind];
  return <Tag className={classes.line}>{line.text || " "}</Tag>;
}
