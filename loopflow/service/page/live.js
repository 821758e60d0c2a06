// The text that is being edited, counted while it is typed: edits in, snapshots out.

import { examine } from "./anatomy.js";
import { change, split } from "./segments.js";
import { Snapshots } from "./snapshots.js";
import { nextTurn } from "./turns.js";

const PAUSE = 120; // milliseconds after the last key
const LONGEST = 400; // after the first
const SLICE = 10; // of looking at text, before others have their turn

export class Live {
  version = 0;
  segments = [];
  snapshots = new Snapshots();
  #counter;
  #read = () => "";
  #firstEdit = null;
  #timer = 0;
  #isLooking = false;

  /** `looked` is called when all of the text has been looked at, `shown` when what can be shown may be another. */
  constructor({ counter, looked, shown }) {
    this.#counter = counter;
    Object.assign(this, { looked, shown });
  }

  /** Whether what is shown is of the text as it is now. */
  get isExact() {
    return this.snapshots.shown.version === this.version;
  }

  /** How much of the text as it is now is counted: stretches that are, and all of them. */
  get progress() {
    let known = 0;
    let all = 0;
    for (const { parts } of this.segments) {
      all += parts ? parts.stretches.length : 1;
      for (const { stretch } of parts?.stretches ?? []) known += stretch.isKnown ? 1 : 0;
    }
    return { known, all };
  }

  /** Note changes, in places of the text before; `read(from, to)` gives the text after. */
  edit(changes, read) {
    this.segments = change(this.segments, changes, read);
    this.#read = read;
    this.version += 1;
    this.#firstEdit ??= performance.now();
    const rest = this.#firstEdit + LONGEST - performance.now();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), Math.max(0, Math.min(PAUSE, rest)));
  }

  /** Note that something is counted. */
  counted() {
    if (this.snapshots.advance()) this.#counter.keep(this.snapshots.missing());
    this.shown();
  }

  /** Look at each segment that is new, in slices; then want what is not known. */
  async #look() {
    this.#firstEdit = null;
    if (this.#isLooking) return; // it will see what has changed meanwhile
    this.#isLooking = true;
    let version;
    do {
      version = this.version;
      await this.#lookAtAll(version);
    } while (version !== this.version && this.#firstEdit === null);
    this.#isLooking = false;
    if (version !== this.version) return; // edited meanwhile: its own timer runs
    this.snapshots.add(version, this.segments);
    const missing = this.snapshots.latest.missing;
    this.#counter.keep(this.snapshots.missing());
    this.#counter.want("text", missing);
    this.looked();
    this.counted();
  }

  async #lookAtAll(version) {
    let at = 0;
    let began = performance.now();
    for (const segment of this.segments) {
      if (!segment.parts) segment.parts = this.#examine(this.#read(at, at + segment.length));
      at += segment.length;
      if (performance.now() - began < SLICE) continue;
      await nextTurn();
      if (version !== this.version) return;
      began = performance.now();
    }
  }

  #examine(text) {
    return examineWith(this.#counter, text);
  }
}

/** Return what `text` is, each stretch being the counter's. */
export function examineWith(counter, text) {
  const parts = examine(text);
  const bytes = parts.references.length ? null : parts.bytes;
  const stretches = parts.stretches.map((each) => ({ at: each.at, stretch: counter.stretch(each.text, bytes) }));
  return { ...parts, stretches };
}

/** Cut and look at a text that nobody edits. Returns its segments. */
export async function examineWhole(counter, text, examineText = examineWith) {
  const segments = split((from, to) => text.slice(from, to), 0, text.length);
  let at = 0;
  let began = performance.now();
  for (const segment of segments) {
    segment.parts = examineText(counter, text.slice(at, at + segment.length));
    at += segment.length;
    if (performance.now() - began < SLICE) continue;
    await nextTurn();
    began = performance.now();
  }
  return segments;
}
