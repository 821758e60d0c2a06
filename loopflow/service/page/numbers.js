// Numbers as people read them: all digits, grouped; and shares that never round to a limit that is not met.

const GROUPED = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** 12345 as "12,345". */
export function group(number) {
  return GROUPED.format(number);
}

/** 5 as "+5", -5 with a minus sign. */
export function signed(number) {
  if (number === 0) return "±0";
  return number > 0 ? `+${group(number)}` : `−${group(-number)}`;
}

/** "1 token", "2 tokens". */
export function plural(number, word) {
  return `${group(number)} ${word}${number === 1 ? "" : "s"}`;
}

/** A share with one digit: below 100 % cut off, above it rounded up, so that "100.0 %" is exactly full. */
export function percent(part, whole) {
  if (!part || !whole) return "0.0 %";
  const tenths = (part * 1000) / whole;
  const shown = part > whole ? Math.ceil(tenths) : Math.floor(tenths);
  if (shown === 0) return "< 0.1 %";
  const digits = String(shown % 10);
  return `${group(Math.floor(shown / 10))}.${digits} %`;
}

/** What so many tokens cost, {amount, before, after} being the price of a million: exact, rounded to hundredths of a cent. */
export function cost(tokens, { amount, before, after }) {
  const [whole, part = ""] = amount.split(".");
  const parts = 10n ** BigInt(part.length + 2); // of a hundredth of a cent, in what is multiplied
  const exact = BigInt(tokens) * BigInt(whole + part);
  const shown = (exact * 2n + parts) / (2n * parts);
  const priced = (digits) => `${before}${digits}${after}`;
  if (exact > 0n && shown === 0n) return `< ${priced("0.0001")}`;
  const digits = String(shown % 10_000n).padStart(4, "0").replace(/00$/, "");
  return priced(`${group(shown / 10_000n)}.${digits}`);
}

/** How long ago, in words. */
export function age(seconds) {
  if (seconds < 5) return "just now";
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

/** A name that may hold anything, within a sentence: marks of direction in it end with it. */
export function isolated(name) {
  return `\u2068${name}\u2069`;
}

/** White space and what cannot be seen, made visible. */
export function visible(text) {
  return text.replace(/[\s\p{C}]/gu, (char) => {
    const shown = { " ": "·", "\t": "→", "\n": "↵", "\r": "␍", "\0": "␀" }[char];
    return shown ?? `⟨${char.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`;
  });
}
