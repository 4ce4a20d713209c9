import { Chat, type ChatProps } from "./chat";
import { useClassicConversation } from "./classic-conversation";
import type { Opening } from "./conversation";

export function ClassicChat({ opening, ...rest }: { opening: Opening } & Omit<ChatProps, "conversation">) {
  return <Chat conversation={useClassicConversation(opening)} {...rest} />;
}
