import { useLayoutEffect, useState } from "react";
import { Chat, type ChatProps } from "./chat";
import type { Opening } from "./conversation";
import { useV2Conversation } from "./v2-conversation";

type Props = { opening: Opening } & Omit<ChatProps, "conversation">;

/**
 * The hook opens its connections while it is rendered for the first time. A rendering that React interrupts and begins
 * again would leave them open, of which browsers have six; one that a layout effect asks for is never interrupted.
 */
export function V2Chat(props: Props) {
  const [isMounted, setMounted] = useState(false);
  useLayoutEffect(() => setMounted(true), []);
  return isMounted ? <V2Conversing {...props} /> : null;
}

function V2Conversing({ opening, ...rest }: Props) {
  return <Chat conversation={useV2Conversation(opening)} {...rest} />;
}
