// The tokens of what is in view: where each begins and ends, its ids, its colour. Asked for by stretch, kept with it.

import { byteLength } from "./anatomy.js";
import { COLOURS } from "./editor.js";
import { Problem } from "./service.js";

const WINDOW = 6_000; // characters: never more tokens than the service lists at once
const BEFORE = 200; // asked for in front of a window, so that its first token is known from its beginning
const MOST_LISTED = 20_000;
const WHOLE = 131_072; // characters of a stretch that is asked for at once
const LONGEST = 1_000_000; // the service splits no longer one
const AT_ONCE = 2;
const PAUSE = 60;
const COPIED = 2_000_000; // bytes of text whose ids can be copied

export class Tokens {
  units = []; // of what is in view, in places of the text as it is now
  trouble = null;
  isOn = false;
  #service;
  #connection;
  #editor;
  #live;
  #kept = new WeakMap(); // stretch -> key of a window -> units, a Problem, or null while they are asked for
  #requests = 0;
  #timer = 0;

  /** `changed` is called when other tokens are in view. */
  constructor({ service, connection, live, changed }) {
    Object.assign(this, { changed, encoding: "o200k_base" });
    this.#service = service;
    this.#connection = connection;
    this.#live = live;
    connection.listen(() => this.refresh());
  }

  attach(editor) {
    this.#editor = editor;
  }

  /** Look at what is in view, soon. Until then what was drawn moves along, but no token of it is spoken of. */
  refresh() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), PAUSE);
  }

  turn(isOn, encoding) {
    Object.assign(this, { isOn, encoding });
    clearTimeout(this.#timer);
    this.#look();
  }

  /** The text was edited: no place is right any more. */
  edited() {
    this.units = [];
  }

  /** Return the token at a place, or undefined. */
  at(position) {
    let low = 0;
    let high = this.units.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.units[middle].to <= position) low = middle + 1;
      else high = middle;
    }
    const unit = this.units[low];
    return unit && unit.from <= position ? unit : undefined;
  }

  #look() {
    this.trouble = null;
    this.units = this.isOn ? this.#gather() : [];
    this.#editor.drawTokens(this.units);
    this.changed();
  }

  #gather() {
    const units = [];
    for (const { stretch, from, first } of this.#inView()) {
      for (const each of this.#unitsOf(stretch, from)) {
        const unit = { ...each, from: from + each.from, to: from + each.to, index: first === null ? null : first + each.index };
        unit.breaks = each.breaks.map((at) => from + at);
        units.push(unit);
      }
    }
    for (let index = 1; index < units.length; index += 1) { // where two stretches or windows meet
      const [before, unit, after] = [units[index - 1], units[index], units[index + 1]];
      while (unit.colour === before.colour) unit.colour = nextColour(unit.colour, after?.colour);
    }
    return units;
  }

  /** Yield the stretches in view: where each begins, and the number of its first token where that is known. */
  *#inView() {
    const ranges = this.#editor.visible;
    const last = ranges.at(-1)?.to ?? 0;
    let at = 0;
    let first = 0;
    for (const { length, parts } of this.#live.segments) {
      if (at > last) return;
      for (const each of parts?.stretches ?? []) {
        const from = at + each.at;
        const to = from + each.stretch.text.length;
        if (ranges.some((range) => range.from < to && range.to > from)) yield { stretch: each.stretch, from, first };
        const count = each.stretch.counts?.[this.encoding];
        first = first === null || count === undefined ? null : first + count;
      }
      if (!parts) first = null;
      at += length;
    }
  }

  /** Return the units of a stretch that are in view and known, and ask for those that are not. */
  #unitsOf(stretch, start) {
    const kept = this.#kept.get(stretch) ?? new Map();
    this.#kept.set(stretch, kept);
    const units = [];
    for (const window of this.#windows(stretch, start)) {
      const found = kept.get(window.key);
      if (found === undefined) this.#ask(stretch, kept, window);
      else if (found instanceof Problem) this.trouble = found;
      else if (found) units.push(...found);
    }
    return units;
  }

  #windows(stretch, start) {
    const length = stretch.text.length;
    const count = stretch.counts?.[this.encoding];
    if (length <= WINDOW || (length <= WHOLE && count <= MOST_LISTED)) return [{ key: this.encoding, from: 0, to: length, isWhole: true }];
    const windows = [];
    for (const range of this.#editor.visible) {
      const begin = Math.floor(Math.max(0, range.from - start) / WINDOW);
      for (let at = begin; at * WINDOW < Math.min(length, range.to - start); at += 1) {
        const key = `${this.encoding} ${at}`;
        if (windows.every((each) => each.key !== key)) {
          windows.push({ key, from: at * WINDOW, to: Math.min(length, (at + 1) * WINDOW), isWhole: false });
        }
      }
    }
    return windows;
  }

  async #ask(stretch, kept, window) {
    if (stretch.text.length > LONGEST) {
      const detail = `a line of ${stretch.text.length.toLocaleString("en")} characters is too long to be split into tokens`;
      kept.set(window.key, new Problem({ status: 413, code: "text_too_large", detail }));
      this.refresh();
      return;
    }
    if (!this.#connection.isOpen || this.#requests >= AT_ONCE) return; // what is in view is looked at again
    this.#requests += 1;
    kept.set(window.key, null);
    const { text } = stretch;
    const begin = window.isWhole ? 0 : atCharacter(text, Math.max(0, window.from - BEFORE));
    const bounds = window.isWhole ? {} : { start: byteLength(text.slice(0, begin)), end: byteLength(text.slice(0, atCharacter(text, window.to))) };
    try {
      const reply = await this.#service.post("v1/tokens", { text, encoding: this.encoding, ...bounds }, { has: "ids" });
      const units = unitsOf(text, reply, begin, bounds.start ?? 0);
      kept.set(window.key, units.filter((each) => each.from >= window.from && each.from < window.to));
      this.#connection.answered();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      kept.delete(window.key);
      if ([400, 413, 422].includes(error.status)) kept.set(window.key, error);
      else this.#connection.failed(error);
    }
    this.#requests -= 1;
    this.refresh();
  }

  /** Return the ids of all of the text. Raises Problem where there are too many. */
  async all() {
    const ids = [];
    const stretches = this.#live.segments.flatMap(({ parts }) => parts?.stretches ?? []);
    if (stretches.reduce((sum, each) => sum + each.stretch.bytes, 0) > COPIED) {
      throw new Problem({ status: 413, detail: `above ${COPIED.toLocaleString("en")} bytes, ids are for a program: loopflow count --ids` });
    }
    for (const { stretch } of stretches) {
      for (let start = 0, count = 1; start < stretch.bytes && count; ) {
        const reply = await this.#service.post("v1/tokens", { text: stretch.text, encoding: this.encoding, start }, { has: "ids" });
        ids.push(...reply.ids);
        count = reply.ids.length;
        start = reply.ends.at(-1) ?? stretch.bytes;
      }
    }
    return ids;
  }
}

/** Return a colour that follows one, other than that of the token behind. */
function nextColour(colour, after) {
  const next = (colour + 1) % COLOURS;
  return next === after ? (next + 1) % COLOURS : next;
}

function atCharacter(text, at) {
  const code = text.charCodeAt(at);
  return code >= 0xdc00 && code < 0xe000 ? at + 1 : at;
}

/**
 * Return what a reply shows, in UTF-16 places of the text: a unit is a token, or a few that share a character. The
 * first one is left out where it may have begun before `startByte`.
 */
export function unitsOf(text, { ids, ends, first }, start, startByte) {
  const units = [];
  let at = start;
  let byte = startByte;
  let unit = { from: at, ids: [], index: first };
  ids.forEach((id, number) => {
    unit.ids.push(id);
    while (byte < ends[number] && at < text.length) {
      const code = text.codePointAt(at);
      byte += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
      at += code > 0xffff ? 2 : 1;
    }
    if (byte !== ends[number]) return; // it ends within a character: that one belongs to the next as well
    units.push({ ...unit, to: at, breaks: breaksIn(text, unit.from, at) });
    unit = { from: at, ids: [], index: first + number + 1 };
  });
  if (startByte > 0) units.shift();
  let before = -1;
  for (const each of units) {
    each.colour = each.ids[0] % COLOURS; // by its id: an edit elsewhere changes no colour here
    if (each.colour === before) each.colour = (each.colour + 1) % COLOURS;
    before = each.colour;
  }
  return units;
}

function breaksIn(text, from, to) {
  const breaks = [];
  for (let at = text.indexOf("\n", from); at >= 0 && at < to; at = text.indexOf("\n", at + 1)) breaks.push(at);
  return breaks;
}
