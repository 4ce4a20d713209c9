/** How values are written for people. */

const plain = new Intl.NumberFormat("en");
const brief = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** A count of tokens: 950, or 12.3K. */
export const tokens = (count: number) => (count < 10_000 ? plain.format(count) : brief.format(count));

/** A cost in its currency, with as many digits as small sums need. */
export function money(amount: number, currency: string): string {
  const digits = amount > 0 && amount < 0.01 ? 6 : 2;
  return new Intl.NumberFormat("en", { style: "currency", currency, maximumFractionDigits: digits }).format(
    amount,
  );
}

const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "narrow" });

/** How long ago a moment was: "now", "5 min. ago", "yesterday". */
export function ago(moment: string, now = Date.now()): string {
  const seconds = (Date.parse(moment) - now) / 1000;
  for (const [unit, size] of steps)
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
  return "now";
}

/** How long something took: "80 ms", "1.2 s", "3 min 5 s". */
export function duration(seconds: number): string {
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours} h ${minutes} min` : `${minutes} min ${whole % 60} s`;
}

/** A size in bytes, or in characters: 950 B, 1.2 kB. */
export const size = (bytes: number) =>
  bytes < 1000 ? `${bytes} B` : `${brief.format(bytes).replace("K", " k")}B`.replace(/(\d)M/, "$1 M");

/** The time of day to the millisecond. */
export const clock = (moment: number | string) => {
  const date = new Date(moment);
  return `${date.toLocaleTimeString("en-GB")}.${String(date.getMilliseconds()).padStart(3, "0")}`;
};

/** JSON as people read it; text as it is. */
export const pretty = (value: unknown) =>
  typeof value === "string" ? value : JSON.stringify(value, null, 2);
