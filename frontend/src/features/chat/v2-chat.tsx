import { Chat, type ChatProps } from "./chat";
import type { Opening } from "./conversation";
import { useV2Conversation } from "./v2-conversation";

export function V2Chat({ opening, ...rest }: { opening: Opening } & Omit<ChatProps, "conversation">) {
  return <Chat conversation={useV2Conversation(opening)} {...rest} />;
}
