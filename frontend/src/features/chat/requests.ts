/** What an interrupt asks for. Agents know two schemas; anything else is answered with JSON. */

export type Choice = "approve" | "edit" | "reject" | "respond" | "ignore";

/** An action that is to be decided on. */
export interface Ask {
  name: string;
  args: Record<string, unknown>;
  description?: string;
  choices: Choice[];
}

/** What a person has decided: `args` of an edit, `text` of a response, or of a rejection the reason. */
export interface Decision {
  choice: Choice;
  args?: Record<string, unknown>;
  text?: string;
}

/** What an interrupt asks, and how its decisions, one for each ask, are told to the graph. */
export type Request =
  | { kind: "asks"; asks: Ask[]; answer: (decisions: Decision[]) => unknown }
  | { kind: "other"; question?: string; words: string[] };

type Bag = Record<string, unknown>;

const isBag = (value: unknown): value is Bag =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const bag = (value: unknown): Bag => (isBag(value) ? value : {});
const text = (value: unknown) => (typeof value === "string" && value ? value : undefined);
const words = (value: unknown): string[] =>
  Array.isArray(value) && value.every((one) => typeof one === "string") ? value : [];

export function readRequest(value: unknown): Request {
  const listed = Array.isArray(value) ? value : [value];
  if (listed.length > 0 && listed.every((one) => isBag(one) && isBag(one.action_request)))
    return {
      kind: "asks",
      asks: listed.map(inboxAsk),
      answer: (decisions) => decisions.map(inboxAnswer(listed)),
    };
  if (isBag(value) && Array.isArray(value.action_requests))
    return reviewed(value.action_requests.map(bag), value);
  const said = bag(value);
  const question = text(value) ?? text(said.question) ?? text(said.message);
  return { kind: "other", question, words: [said.allowed, said.options, said.choices].flatMap(words) };
}

/** `action_request` and `config.allow_*`; answered with a list. */
function inboxAsk(item: Bag): Ask {
  const allows = bag(item.config);
  const names = { approve: "accept", edit: "edit", reject: "", respond: "respond", ignore: "ignore" };
  const choices = (Object.keys(names) as Choice[]).filter(
    (choice) => allows[`allow_${names[choice]}`] === true,
  );
  const { action, args } = bag(item.action_request);
  return { name: text(action) ?? "action", args: bag(args), description: text(item.description), choices };
}

const inboxAnswer = (items: Bag[]) => (decision: Decision, place: number) => {
  const { action } = bag(items[place]?.action_request);
  const type = { approve: "accept", edit: "edit", reject: "ignore", respond: "response", ignore: "ignore" }[
    decision.choice
  ];
  const args = decision.choice === "edit" ? { action, args: decision.args } : decision.text;
  return { type, args: args ?? null };
};

/** `action_requests` and `review_configs`; answered with `{decisions}`. */
function reviewed(actions: Bag[], value: Bag): Request {
  const configs = Array.isArray(value.review_configs) ? value.review_configs.map(bag) : [];
  const asks = actions.map((action, place): Ask => {
    const config = configs.find((one) => one.action_name === action.name) ?? configs[place];
    const choices = words(config?.allowed_decisions) as Choice[];
    const args = bag(action.args ?? action.arguments);
    return { name: text(action.name) ?? "action", args, description: text(action.description), choices };
  });
  const answer = (decisions: Decision[]) => ({
    decisions: decisions.map((decision, place) => reviewAnswer(decision, asks[place]?.name)),
  });
  return { kind: "asks", asks, answer };
}

function reviewAnswer({ choice, args, text }: Decision, name: string | undefined): Bag {
  if (choice === "edit") return { type: choice, edited_action: { name, args } };
  return text ? { type: choice, message: text } : { type: choice };
}
