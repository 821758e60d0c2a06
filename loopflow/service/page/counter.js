// Counts of stretches of text: asked for where they are not known, two requests at a time, kept for what comes back.

import { byteLength } from "./anatomy.js";
import { Problem } from "./service.js";
import { nextTurn } from "./turns.js";

const MOST_BYTES = 1_000_000; // of texts in a request
const MOST_TEXTS = 1_000;
const AT_ONCE = 2;
const LARGE = 500_000; // characters of a request that is made ready in several turns
const KEPT = 24_000_000; // characters of counted stretches that are kept, for undo and for what is typed again
const SECONDS = 20;

/** A stretch of text. Wherever the same text stands, it is the same object. */
class Stretch {
  counts = null;
  error = null;
  isAsked = false;

  constructor(text, bytes) {
    this.text = text;
    this.bytes = bytes;
  }

  get isKnown() {
    return this.counts !== null || this.error !== null;
  }
}

export class Counter {
  #service;
  #connection;
  #most;
  #known = new Map();
  #size = 0;
  #wanted = new Map(); // by who wants them, in order
  #kept = []; // not asked for any more, but a reply is still of use
  #requests = new Set();

  /** `most` is how many bytes a request may have; `counted` is called after each reply. */
  constructor({ service, connection, most, counted }) {
    Object.assign(this, { counted, encodings: ["o200k_base"] });
    this.#service = service;
    this.#connection = connection;
    this.#most = most;
    connection.listen(() => this.#ask());
  }

  get isAsking() {
    return this.#requests.size > 0;
  }

  /** Return the stretch that is this text; `bytes` is how many it has, where that is known. */
  stretch(text, bytes = null) {
    let found = this.#known.get(text);
    if (found) this.#known.delete(text);
    else {
      found = new Stretch(text, bytes ?? byteLength(text));
      this.#size += text.length;
    }
    this.#known.set(text, found);
    for (const [key, old] of this.#known) {
      if (this.#size <= KEPT || old === found) break;
      this.#known.delete(key);
      this.#size -= key.length;
    }
    return found;
  }

  /** Count these, in order, in place of what `who` wanted before. */
  want(who, stretches) {
    this.#wanted.set(who, stretches.filter((each) => !each.isKnown));
    this.#ask();
  }

  /** Replies with these are still of use, though nothing else with them is asked for. */
  keep(stretches) {
    this.#kept = stretches;
    this.#drop();
  }

  /** Abort requests whose replies nobody can use. */
  #drop() {
    const useful = new Set([...this.#wanted.values()].flat());
    for (const each of this.#kept) useful.add(each);
    for (const request of this.#requests) {
      if (!request.stretches.some((each) => useful.has(each))) request.controller.abort(new Problem({ code: "dropped" }));
    }
  }

  #ask() {
    this.#drop();
    while (this.#connection.isOpen && this.#requests.size < AT_ONCE) {
      const stretches = this.#take();
      if (!stretches.length) return;
      this.#send(stretches);
    }
  }

  #take() {
    const taken = [];
    let bytes = 0;
    const most = Math.min(MOST_BYTES, this.#most / 4);
    for (const each of [...this.#wanted.values()].flat()) {
      if (each.isKnown || each.isAsked) continue;
      if (taken.length && bytes + each.bytes > most) break;
      taken.push(each);
      each.isAsked = true;
      bytes += each.bytes;
      if (taken.length === MOST_TEXTS) break;
    }
    return taken;
  }

  async #send(stretches) {
    const request = { stretches, controller: new AbortController() };
    this.#requests.add(request);
    try {
      const body = JSON.stringify({ texts: stretches.map((each) => each.text), encodings: this.encodings });
      this.#require(body, stretches);
      const reply = await this.#service.postText("v1/count/batch", body.length > LARGE ? await encode(body) : body, { signal: request.controller.signal, seconds: SECONDS, has: "counts" });
      this.#store(stretches, reply);
      this.#connection.answered();
    } catch (error) {
      this.#note(stretches, error);
    } finally {
      this.#requests.delete(request);
      for (const each of stretches) each.isAsked = false;
    }
    this.counted();
    this.#ask();
  }

  /** Raise Problem for what the service would not take: one stretch that nothing can cut. */
  #require(body, stretches) {
    const [{ text, bytes: own }] = stretches;
    const bytes = body.length + own - text.length; // all that JSON adds is ASCII
    if (stretches.length > 1 || bytes <= this.#most) return;
    const detail = `${bytes.toLocaleString("en")} bytes without a line that they could be cut at are more than the service takes at once`;
    throw new Problem({ status: 413, code: "text_too_large", detail, hint: "put it into a file, and refer to that" });
  }

  #store(stretches, reply) {
    stretches.forEach((each, index) => {
      const counts = Object.fromEntries(this.encodings.map((name) => [name, reply.counts[name]?.[index] ?? null]));
      if (Object.values(counts).every((count) => count !== null)) each.counts = counts;
      else each.error = reply.errors.find((error) => error.index === index) ?? { code: "uncountable", detail: "it cannot be counted" };
    });
  }

  #note(stretches, error) {
    if (!(error instanceof Problem)) throw error;
    if (error.code === "dropped") return;
    const isTheirs = [400, 413, 422].includes(error.status);
    if (isTheirs && stretches.length === 1) stretches[0].error = error;
    else if (isTheirs && error.status !== 400) for (const each of stretches) each.error = error;
    else this.#connection.failed(error);
  }
}

/** Return the bytes of a text. To make them and to hand them over are two long steps, if it is one long line. */
async function encode(text) {
  await nextTurn();
  const bytes = new TextEncoder().encode(text);
  await nextTurn();
  return bytes;
}
