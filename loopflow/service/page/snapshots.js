// The text as it was when it was last looked at, and what of that is counted.
//
// Only a snapshot that is counted as a whole is shown, and none that is older than the one that is shown: so no number
// is wrong for being late, and while somebody types against slow replies, newer numbers still come.

const MOST = 64; // snapshots that wait

export class Snapshots {
  shown = { version: 0, segments: [], missing: [] };
  #waiting = [];

  /** Take the text as it is now. Its segments have all been looked at. */
  add(version, segments) {
    const missing = [];
    for (const segment of segments) {
      for (const { stretch } of segment.parts.stretches) if (!stretch.isKnown) missing.push(stretch);
    }
    this.#waiting.push({ version, segments, missing });
    if (this.#waiting.length > MOST) this.#waiting.splice(1, 1); // never the oldest: it is the next to come
  }

  /** Show the newest that is counted. Returns whether that is another one than before. */
  advance() {
    for (let at = this.#waiting.length - 1; at >= 0; at -= 1) {
      const each = this.#waiting[at];
      each.missing = each.missing.filter((stretch) => !stretch.isKnown);
      if (each.missing.length) continue;
      this.shown = each;
      this.#waiting.splice(0, at + 1);
      return true;
    }
    return false;
  }

  /** The newest. */
  get latest() {
    return this.#waiting.at(-1) ?? this.shown;
  }

  /** What any of them still lacks. */
  missing() {
    return this.#waiting.flatMap((each) => each.missing);
  }
}

/** Return what segments come to: tokens of text in each encoding, figures, references, and what could not be counted. */
export function addUp(segments, encodings) {
  const sum = { tokens: Object.fromEntries(encodings.map((name) => [name, 0])), characters: 0, bytes: 0, words: 0, lone: 0 };
  const errors = [];
  const references = new Map(); // marker -> how often
  for (const { parts } of segments) {
    for (const name of ["characters", "bytes", "words", "lone"]) sum[name] += parts[name];
    for (const { marker } of parts.references) references.set(marker, (references.get(marker) ?? 0) + 1);
    for (const { stretch } of parts.stretches) {
      if (stretch.error) errors.push(stretch.error);
      else if (stretch.counts) for (const name of encodings) sum.tokens[name] += stretch.counts[name];
    }
  }
  return { ...sum, references, errors };
}
