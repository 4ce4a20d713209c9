import { Typography } from "@mantine/core";
import { memo, type ReactElement } from "react";
import ReactMarkdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";
import { CodeBlock } from "@/components/ui/code-block";
import classes from "./markdown.module.css";

const plugins = [remarkGfm];

const components: Components = {
  a: ({ node: _, ...props }) => <a {...props} target="_blank" rel="noreferrer noopener" />,
  pre: ({ children }) => {
    const code = children as ReactElement<{ children?: unknown }>;
    return <CodeBlock text={String(code.props.children ?? "").replace(/\n$/, "")} />;
  },
};

/** Markdown as a model writes it; HTML in it is text. It is read again when the text has changed alone. */
export const Markdown = memo(({ text }: { text: string }) => (
  <Typography className={classes.text}>
    <ReactMarkdown remarkPlugins={plugins} components={components}>
      {text}
    </ReactMarkdown>
  </Typography>
));
