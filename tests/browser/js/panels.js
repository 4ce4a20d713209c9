// What stands beside the conversation: its state step by step, and its events.

export class Panels {
  constructor({ page }) {
    this.page = page;
    this.steps = page.locator("[data-step]");
    this.forked = this.steps.filter({ has: page.getByRole("img", { name: "Forked from an earlier step" }) });
    this.events = page.getByRole("option");
    this.channel = (name) => page.locator(`[data-event=${name}]`);
    this.aside = page.getByRole("complementary", { name: "Beside the conversation" });
    this.event = this.aside.getByRole("region", { name: /^Event \d+/ });
  }

  button = (name) => this.aside.getByRole("button", { name, exact: true });

  openState = () => this.page.getByRole("button", { name: "State, step by step" }).click();
  openEvents = () => this.page.getByRole("button", { name: "Events, as received" }).click();

  /** The nodes of the steps that are listed, newest first. */
  nodes = () => this.steps.locator("button p:first-child").allInnerTexts();

  /** Open what is inside a step. */
  look = (place) => this.steps.nth(place).getByRole("button").first().click();

  /** What the URL says. */
  asked = (name) => new URL(this.page.url()).searchParams.get(name);
}
