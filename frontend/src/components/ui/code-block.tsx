import classes from "./code-block.module.css";
import { CopyButton } from "./copy-button";

/** Code, or JSON, in a box that scrolls by itself, with a button that copies it. */
export function CodeBlock({ text, label = "code" }: { text: string; label?: string }) {
  return (
    <div className={classes.block}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys */}
      <pre className={classes.code} tabIndex={0}>
        {text}
      </pre>
      <div className={classes.copy}>
        <CopyButton value={text} label={`Copy ${label}`} />
      </div>
    </div>
  );
}
