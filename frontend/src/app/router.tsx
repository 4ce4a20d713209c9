import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from "@tanstack/react-router";
import { readChatSearch } from "@/features/chat/search";
import { NotFound } from "./not-found";
import { Shell } from "./shell";

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });

const first = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/chat/{-$thread}", params: { thread: undefined }, replace: true });
  },
});

export const chat = createRoute({
  getParentRoute: () => root,
  path: "/chat/{-$thread}",
  validateSearch: readChatSearch,
  component: lazyRouteComponent(() => import("./chat-page"), "ChatPage"),
});

export const router = createRouter({
  routeTree: root.addChildren([first, chat]),
  basepath: new URL(document.baseURI).pathname,
  defaultPreload: false,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
