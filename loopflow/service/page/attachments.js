// Files that were dropped or chosen: read here, counted beside the text, and never sent but as text to count.

import { icon, make, setText } from "./dom.js";
import { examineWhole } from "./live.js";
import { group, isolated, percent } from "./numbers.js";
import { addUp } from "./snapshots.js";

export const MOST = 50_000_000;
const LOOKED_AT = 8_192;
const TOGETHER = 50; // milliseconds: of many files, those that are read meanwhile are counted and drawn at once

/** Return the text of a file. Raises an Error that says why it has none. */
export async function readFile(file) {
  const name = isolated(file.name);
  if (file.size > MOST) {
    throw new Error(`${name} has ${group(file.size)} bytes, more than ${group(MOST)}: refer to it with @[file:PATH]`);
  }
  const data = new Uint8Array(await file.arrayBuffer().catch(() => { throw new Error(`${name} cannot be read`); }));
  if (data.subarray(0, LOOKED_AT).includes(0)) throw new Error(`${name} is binary: only text has tokens`);
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(data); // a mark of byte order is text, and counts
}

export class Attachments {
  #counter;
  #list;
  #files = []; // {name, text, segments, id, sum, row}
  #serial = 0;
  #timer = 0;

  /** `changed` is called when there are others; `opened(text)` when somebody wants one in the editor. */
  constructor({ counter, list, changed, opened }) {
    this.#counter = counter;
    this.#list = list;
    Object.assign(this, { changed, opened });
  }

  get size() {
    return this.#files.length;
  }

  async add(name, text) {
    const segments = await examineWhole(this.#counter, text);
    this.#serial += 1;
    this.#files.push({ name, text, segments, id: this.#serial, sum: null });
    this.#timer ||= setTimeout(() => this.#tell(), TOGETHER);
  }

  remove(file) {
    this.#files = this.#files.filter((each) => each !== file);
    this.#tell();
  }

  clear() {
    this.#files = [];
    this.#tell();
  }

  /** Count what is not counted, and draw. */
  #tell() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#counter.want("files", this.#files.filter((file) => !file.sum).flatMap(stretchesOf));
    this.changed();
  }

  /** What a file comes to; added up once, when all of it is counted. */
  #sumOf(file) {
    if (file.sum) return file.sum;
    const isKnown = stretchesOf(file).every((each) => each.isKnown);
    const sum = { ...addUp(file.segments, this.#counter.encodings), isKnown };
    if (isKnown) file.sum = sum;
    return sum;
  }

  /** What they cost together in each encoding, and whether all of them is counted. */
  sum(encodings) {
    const sums = this.#files.map((file) => this.#sumOf(file));
    const tokens = Object.fromEntries(encodings.map((name) => [name, sums.reduce((sum, each) => sum + each.tokens[name], 0)]));
    return { tokens, isKnown: sums.every((each) => each.isKnown), errors: sums.flatMap((each) => each.errors) };
  }

  /** Draw the list, the largest first. */
  draw(encoding, total) {
    const drawn = this.#files.map((file) => {
      const { tokens, errors, bytes, isKnown } = this.#sumOf(file);
      return { file, tokens: tokens[encoding], bytes, isKnown, error: errors[0] };
    });
    drawn.sort((one, other) => other.tokens - one.tokens || one.file.id - other.file.id);
    drawn.forEach((each, index) => {
      each.file.row ??= this.#row(each.file);
      if (this.#list.children[index] !== each.file.row.element) this.#list.insertBefore(each.file.row.element, this.#list.children[index] ?? null);
      each.file.row.show(each, total);
    });
    while (this.#list.children.length > drawn.length) this.#list.lastElementChild.remove();
  }

  #row(file) {
    const tokens = make("span", { class: "count" });
    const share = make("span", { class: "share" });
    const about = make("span", { class: "about" });
    const open = make("button", { type: "button", class: "small", onclick: () => this.#open(file) }, "Edit");
    const remove = make("button", { type: "button", class: "small icon-only", "aria-label": `Remove ${file.name}`, title: "Remove", onclick: () => this.remove(file) }, icon("remove"));
    open.setAttribute("aria-label", `Edit ${file.name}`);
    const element = make(
      "li", { class: "entry" },
      make("div", { class: "line" }, make("span", { class: "marker", dir: "auto" }, file.name), tokens),
      make("div", { class: "line note" }, about, make("span", { class: "buttons" }, share, open, remove)),
    );
    const show = ({ tokens: number, isKnown, bytes, error }, total) => {
      setText(tokens, isKnown ? group(number) : "counting");
      setText(share, isKnown && total ? percent(number, total) : "");
      setText(about, error ? error.detail : `${group(bytes)} bytes`);
      element.dataset.state = error ? "error" : isKnown ? "ok" : "resolving";
    };
    return { element, show };
  }

  #open(file) {
    this.opened(file.text);
    this.remove(file);
  }
}

function stretchesOf({ segments }) {
  return segments.flatMap(({ parts }) => parts.stretches.map(({ stretch }) => stretch));
}
