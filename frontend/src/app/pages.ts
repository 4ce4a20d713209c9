import { type LucideIcon, MessagesSquare } from "lucide-react";

/** A page that the navigation leads to. */
export interface Page {
  label: string;
  to: "/chat/{-$thread}";
  icon: LucideIcon;
}

export const pages: Page[] = [{ label: "Playground", to: "/chat/{-$thread}", icon: MessagesSquare }];
