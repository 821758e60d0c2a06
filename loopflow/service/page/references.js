// What a text refers to: asked for once it is written, kept by its marker, asked for again when somebody says so.

import { Problem } from "./service.js";

const REST = 600; // milliseconds of rest before an API is asked
const MOST = 100; // markers in a request
const AT_ONCE = 4;
const KEPT = 5_000; // markers that are known, of the text or not
const SECONDS = 60; // an API is given its time, and tried again, by the service

/** What is known of a marker. `state` is "waiting", "resolving", "ok", "changed" or "error". */
class Known {
  state = "waiting";
  tokens = null;
  previous = null;
  bytes = null;
  level = "";
  isLossy = false;
  at = 0;
  error = null;
  isAsked = false;
  asked = 0; // the number of the request that was sent last: an older reply changes nothing
  wantsRefresh = false;

  constructor(kind, target, marker) {
    Object.assign(this, { kind, target, marker });
  }
}

export class References {
  #service;
  #connection;
  #known = new Map();
  #wanted = new Map(); // marker -> how often, in the order of the text
  #timer = 0;
  #requests = 0;
  #rested = true;
  #caret = "";

  /** `changed` is called whenever the state of one is another. */
  constructor({ service, connection, changed }) {
    Object.assign(this, { changed, encodings: ["o200k_base"] });
    this.#service = service;
    this.#connection = connection;
    connection.listen(() => this.#ask());
  }

  get(marker) {
    return this.#known.get(marker);
  }

  /** Those of the text, in order, each with how often it occurs. */
  *[Symbol.iterator]() {
    for (const [marker, times] of this.#wanted) yield [this.#known.get(marker), times];
  }

  get size() {
    return this.#wanted.size;
  }

  get isAsking() {
    return this.#requests > 0;
  }

  /** The marker that is being written. */
  get caret() {
    return this.#caret;
  }

  /** Whether any of these is still to come; one that is being written is not. */
  isWaitingFor(markers) {
    for (const marker of markers) {
      if (marker === this.#caret) continue;
      const state = this.#known.get(marker)?.state ?? "waiting";
      if (state === "waiting" || state === "resolving") return true;
    }
    return false;
  }

  /** Take the references of the text as it is now: a map of marker to how often, and those as parsed. */
  want(parsed) {
    this.#wanted = new Map();
    for (const { kind, target, marker } of parsed) {
      if (!this.#known.has(marker)) this.#known.set(marker, new Known(kind, target, marker));
      this.#wanted.set(marker, (this.#wanted.get(marker) ?? 0) + 1);
    }
    if (this.#known.size > KEPT) for (const marker of this.#known.keys()) if (!this.#wanted.has(marker)) this.#known.delete(marker);
    this.#ask();
  }

  /** The text was edited: what costs others something waits until the keys rest. */
  edited() {
    this.#rested = false;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#rested = true;
      this.#ask();
    }, REST);
  }

  /** The caret is inside this marker, or in none (""): what is being written is not asked for. */
  caretIn(marker) {
    if (marker === this.#caret) return;
    this.#caret = marker;
    this.#ask();
    this.changed();
  }

  /** Ask again, past what is kept. */
  again(markers) {
    for (const marker of markers) {
      const known = this.#known.get(marker);
      if (known) Object.assign(known, { state: "waiting", wantsRefresh: true, isAsked: false });
    }
    this.#ask();
    this.changed();
  }

  /** A variable has changed; null: any may have. */
  variableChanged(name) {
    for (const known of this.#known.values()) {
      if (known.kind === "var" && (name === null || known.target === name)) Object.assign(known, { state: "waiting", isAsked: false });
    }
    this.#ask();
  }

  #ask() {
    for (let batch = this.#take(); batch.length; batch = this.#take()) this.#send(batch);
  }

  /** Return what can be asked for together: of one kind, an API by itself, since it may take its time. */
  #take() {
    if (!this.#connection.isOpen || this.#requests >= AT_ONCE) return [];
    const ready = [];
    for (const marker of this.#wanted.keys()) {
      const known = this.#known.get(marker);
      if (known.isAsked || known.state !== "waiting" || marker === this.#caret) continue;
      if (known.kind === "api" && !this.#rested && !known.wantsRefresh) continue;
      const [first] = ready;
      if (first && (known.kind !== first.kind || known.wantsRefresh !== first.wantsRefresh)) continue;
      ready.push(known);
      if (known.kind === "api" || ready.length === MOST) break;
    }
    return ready;
  }

  async #send(batch) {
    this.#requests += 1;
    for (const known of batch) Object.assign(known, { isAsked: true, state: "resolving", asked: known.asked + 1 });
    const numbers = batch.map((known) => known.asked);
    const body = { references: batch.map((known) => known.marker), encodings: this.encodings, refresh: batch[0].wantsRefresh };
    this.changed();
    try {
      const reply = await this.#service.post("v1/references/count", body, { seconds: SECONDS, has: "results" });
      batch.forEach((known, index) => known.asked === numbers[index] && note(known, reply.results[index]));
      this.#connection.answered();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.#failed(batch, error);
    }
    this.#requests -= 1;
    this.changed();
    this.#ask();
  }

  #failed(batch, error) {
    const isTheirs = [400, 413, 422].includes(error.status);
    for (const known of batch) {
      if (isTheirs) Object.assign(known, { state: "error", error, isAsked: false, wantsRefresh: false });
      else Object.assign(known, { state: "waiting", isAsked: false });
    }
    if (!isTheirs) this.#connection.failed(error);
  }
}

function note(known, told) {
  known.isAsked = false;
  known.wantsRefresh = false;
  known.at = (told.fetched_at ?? Date.now() / 1000) * 1000;
  if (told.state === "error") {
    Object.assign(known, { state: "error", error: told.error });
    return;
  }
  const before = known.tokens;
  const isOther = before !== null && Object.keys(told.tokens).some((name) => name in before && before[name] !== told.tokens[name]);
  Object.assign(known, { tokens: told.tokens, bytes: told.bytes, level: told.cache, isLossy: told.lossy === true, error: null });
  known.previous = isOther ? before : null;
  known.state = isOther || told.changed ? "changed" : "ok";
}
