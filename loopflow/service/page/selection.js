// What is selected, counted by itself: whole segments as they are known, the ends anew.

import { examineWith } from "./live.js";
import { addUp } from "./snapshots.js";

/** Return segments of what stands between two places: those of the text where they are whole, others made for it. */
export function segmentsWithin(counter, segments, read, from, to) {
  const found = [];
  let at = 0;
  for (const segment of segments) {
    const [start, end] = [Math.max(at, from), Math.min(at + segment.length, to)];
    if (start < end) {
      const isWhole = segment.parts && end - start === segment.length;
      found.push(isWhole ? segment : { length: end - start, parts: examineWith(counter, read(start, end)) });
    }
    at += segment.length;
    if (at >= to) break;
  }
  return found;
}

export class Selection {
  #counter;
  #segments = [];

  constructor(counter) {
    this.#counter = counter;
  }

  select(segments) {
    this.#segments = segments;
    this.#counter.want("selection", segments.flatMap(({ parts }) => parts.stretches.map((each) => each.stretch)));
  }

  get isEmpty() {
    return this.#segments.length === 0;
  }

  /** Return its tokens in an encoding, null while they are being counted. */
  tokens(encoding, references) {
    const isKnown = this.#segments.every(({ parts }) => parts.stretches.every(({ stretch }) => stretch.isKnown));
    if (!isKnown) return null;
    const sum = addUp(this.#segments, [encoding]);
    return sum.tokens[encoding] + sumOf(sum.references, references, encoding);
  }
}

/** Return what references cost together; those that are not resolved cost nothing. */
export function sumOf(markers, references, encoding) {
  let sum = 0;
  for (const [marker, times] of markers) {
    const known = references.get(marker);
    if (known?.state === "ok" || known?.state === "changed") sum += times * known.tokens[encoding];
  }
  return sum;
}
