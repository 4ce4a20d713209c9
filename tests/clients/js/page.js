// A page with a chat in it: the hook, rendered by React in jsdom, and a connection that goes when the page is closed.
import { JSDOM } from "jsdom";

const { window } = new JSDOM("<body></body>", { url: "http://page.test/", pretendToBeVisual: true });
Object.assign(globalThis, { window, document: window.document });
globalThis.navigator ??= window.navigator;
globalThis.WebSocket ??= window.WebSocket;

const { createElement: element, useEffect, useRef } = await import("react");
const { createRoot } = await import("react-dom/client");
const { url } = await import("./gateway.js");

export const hooks = {
  "1.15.0": (await import("sdk-1/react")).useStream,
  "2.0.0": (await import("sdk-2/react")).useStream,
};

/** Of a message as it came, or of one of LangChain's, whose content may be blocks. */
const textOf = (message) => message.text ?? message.content;

export const kept = window.sessionStorage;

/**
 * Open a page with a chat. `stream` is what the hook returned last, `frames` all that was ever to be seen; it may
 * be used once the page `isMounted`.
 * `maxRetries`: how often the client asks again that was not answered; pages that do not say have it do so.
 */
export function open(useStream, { maxRetries = 0, ...options }) {
  const page = { frames: [], errors: [], isMounted: false, threadId: options.threadId };
  const tab = new AbortController();
  const leaving = (address, init) =>
    fetch(address, { ...init, signal: init?.signal ? AbortSignal.any([init.signal, tab.signal]) : tab.signal });

  function Chat() {
    const asked = useRef({
      apiUrl: url,
      callerOptions: { fetch: leaving, maxRetries },
      onThreadId: (threadId) => (page.threadId = threadId),
      onError: (error) => page.errors.push(error),
      ...options,
    });
    const stream = useStream(asked.current);
    page.stream = stream;
    // behind the hook's own effects: what is said before them is taken back as they come
    useEffect(() => {
      page.isMounted = true;
    }, []);
    page.frames.push(stream.messages.map((message) => `${message.type}: ${textOf(message)}`));
    return stream.messages.map((message, place) => element("p", { key: message.id ?? place }, textOf(message)));
  }

  const place = document.body.appendChild(document.createElement("div"));
  const root = createRoot(place);
  root.render(element(Chat));
  page.texts = () => [...place.querySelectorAll("p")].map((line) => line.textContent);
  page.close = () => {
    tab.abort();
    root.unmount();
    place.remove();
  };
  return page;
}
