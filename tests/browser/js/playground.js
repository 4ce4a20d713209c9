// The playground, as a person uses it.
import { gateway, shoot } from "./browser.js";

export class Playground {
  constructor(page, hook) {
    this.page = page;
    this.hook = hook;
    this.field = page.getByRole("textbox", { name: "Message", exact: true });
    this.log = page.getByRole("log", { name: "Conversation" });
    this.humans = page.locator("[data-kind=human]");
    this.answers = page.locator("[data-kind=ai]");
    this.interrupt = page.getByRole("region", { name: "Interrupt" });
    this.stopButton = this.button("Stop");
  }

  /** Open it with an assistant, or on a thread. */
  static async open(context, hook, { assistant = "echo", thread = "" } = {}) {
    const page = await context.newPage();
    await page.goto(`${gateway}/console/chat/${thread}?hook=${hook}${thread ? "" : `&assistant=${assistant}`}`);
    const playground = new Playground(page, hook);
    await playground.field.waitFor();
    return playground;
  }

  button = (name) => this.page.getByRole("button", { name, exact: true });

  /** Say something, and wait until the address names the thread. */
  async say(text) {
    await this.field.fill(text);
    await this.field.press("Enter");
    await this.page.waitForURL(/\/chat\/[0-9a-f-]{36}/);
  }

  /** Wait until a text is to be seen in the conversation. */
  shows = (text) => this.log.getByText(text).first().waitFor();

  /** Wait until no run goes on. */
  async rests() {
    await this.stopButton.waitFor({ state: "detached" });
    await this.page.locator("[role=log][aria-busy=false]").waitFor();
  }

  /** Wait until a text stands where the next message is written. */
  drafts = (text) => this.page.waitForFunction((text) => document.querySelector("[aria-label=Message]")?.value === text, text);

  async asks(text) {
    await this.say(text);
    await this.rests();
  }

  get threadId() {
    return new URL(this.page.url()).pathname.split("/").at(-1);
  }

  texts = (locator) => locator.allInnerTexts();

  shoot = (name) => shoot(this.page, `${name}-${this.hook}`);
}
