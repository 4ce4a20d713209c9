/** What a step made of one key of the state. */
export interface Change {
  key: string;
  kind: "added" | "removed" | "changed";
  before: unknown;
  after: unknown;
}

type Bag = Record<string, unknown>;

/** The keys whose values differ, in the order of the state. Values that are no object count as one key, without a name. */
export function changesOf(before: unknown, after: unknown): Change[] {
  const [old, now] = [keyed(before), keyed(after)];
  const keys = new Set([...Object.keys(now), ...Object.keys(old)]);
  return [...keys].flatMap((key) => {
    if (same(old[key], now[key])) return [];
    const kind = !(key in old) ? "added" : !(key in now) ? "removed" : "changed";
    return [{ key, kind, before: old[key], after: now[key] }];
  });
}

const isBag = (value: unknown): value is Bag =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function keyed(values: unknown): Bag {
  if (isBag(values)) return values;
  return values === undefined || values === null ? {} : { "": values };
}

/** Whether two JSON values are equal. */
export function same(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (Array.isArray(one) && Array.isArray(other))
    return one.length === other.length && one.every((item, place) => same(item, other[place]));
  if (!isBag(one) || !isBag(other)) return false;
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => key in other && same(one[key], other[key]))
  );
}
