import classes from "./code-block.module.css";
import { CopyButton } from "./copy-button";

interface Props {
  text: string;
  /** What is copied, in a button's words. */
  label?: string;
  /** How tall it may grow before it scrolls. */
  tall?: string;
}

/** Code, or JSON, in a box that scrolls by itself, with a button that copies it. */
export function CodeBlock({ text, label = "code", tall = "22rem" }: Props) {
  return (
    <div className={classes.block}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys */}
      <pre className={classes.code} style={{ maxHeight: tall }} tabIndex={0}>
        {text}
      </pre>
      <div className={classes.copy}>
        <CopyButton value={text} label={`Copy ${label}`} />
      </div>
    </div>
  );
}
