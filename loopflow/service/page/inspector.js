// One token in words: which one it is, its ids, its bytes; and the ids in view, lit where the caret or the pointer is.

import { make, setText } from "./dom.js";
import { group, plural, visible } from "./numbers.js";

const MOST = 3_000; // ids that are listed

export class Inspector {
  #tokens;
  #editor;
  #strip;
  #list;
  #items = [];
  #lit = null;

  constructor({ tokens, strip, list }) {
    this.#tokens = tokens;
    this.#strip = strip;
    this.#list = list;
    list.addEventListener("pointerover", (event) => this.#point(event.target));
    list.addEventListener("pointerleave", () => this.caretMoved());
    list.addEventListener("click", (event) => {
      const unit = this.#unitOf(event.target);
      if (unit) this.#editor.select(unit.from, unit.to);
    });
  }

  attach(editor) {
    this.#editor = editor;
  }

  /** Return what a hover shows at a place: {from, to, element}. */
  hover(position, side) {
    const unit = this.#tokens.at(position) ?? (side < 0 ? this.#tokens.at(position - 1) : undefined);
    if (!unit) return null;
    this.#light(unit);
    return { from: unit.from, to: unit.to, element: make("div", { class: "of-token" }, ...this.#describe(unit)) };
  }

  /** Other tokens are in view. */
  draw() {
    const { isOn, units, trouble } = this.#tokens;
    this.#strip.hidden = !isOn;
    this.#items = units.slice(0, MOST).map((unit) => make("span", { class: `id token token-${unit.colour}` }, unit.ids.join(" ")));
    const rest = units.length - this.#items.length;
    const empty = trouble ? trouble.detail : units.length ? "" : "no tokens in view";
    this.#list.replaceChildren(...this.#items, rest > 0 ? `and ${group(rest)} more` : empty);
    this.#lit = null;
    this.caretMoved();
  }

  /** Show the token at the caret. */
  caretMoved() {
    if (!this.#tokens.isOn || !this.#editor) return;
    const { head, empty } = this.#editor.selection;
    const unit = this.#tokens.at(head) ?? this.#tokens.at(head - 1);
    this.#light(unit);
    if (unit) this.#strip.replaceChildren(...this.#describe(unit));
    else setText(this.#strip, this.#tokens.trouble?.detail ?? (empty && this.#tokens.units.length ? "No token here" : "Point at a token, or put the caret into one"));
  }

  #point(target) {
    const unit = this.#unitOf(target);
    if (!unit) return;
    this.#light(unit);
    this.#strip.replaceChildren(...this.#describe(unit));
  }

  #unitOf(target) {
    const index = this.#items.indexOf(target);
    return index < 0 ? undefined : this.#tokens.units[index];
  }

  #light(unit) {
    if (unit === this.#lit) return;
    this.#lit = unit;
    queueMicrotask(() => this.#editor.light(unit?.from ?? 0, unit?.to ?? 0)); // never within an update of the editor
    for (const each of this.#list.querySelectorAll(".lit")) each.classList.remove("lit");
    const item = unit && this.#items[this.#tokens.units.indexOf(unit)];
    if (!item) return;
    item.classList.add("lit");
    const { offsetTop, offsetHeight } = item;
    const { scrollTop, clientHeight } = this.#list;
    if (offsetTop < scrollTop || offsetTop + offsetHeight > scrollTop + clientHeight) this.#list.scrollTop = offsetTop - clientHeight / 2;
  }

  #describe({ ids, index, from, to }) {
    const text = this.#editor.read(from, to);
    const bytes = [...new TextEncoder().encode(text)].map((byte) => byte.toString(16).padStart(2, "0"));
    const shown = bytes.length > 24 ? `${bytes.slice(0, 24).join(" ")} … of ${group(bytes.length)}` : bytes.join(" ");
    const place = index === null ? "" : ids.length > 1 ? `Tokens ${group(index + 1)} to ${group(index + ids.length)}` : `Token ${group(index + 1)}`;
    const id = ids.length > 1 ? `${plural(ids.length, "token")} share this: ids ${ids.join(" ")}` : `id ${ids[0]}`;
    return [
      make("span", { class: "place" }, place), make("code", { class: "text", dir: "auto" }, visible(text.slice(0, 200))),
      make("span", { class: "ids" }, id), make("span", {}, bytes.length === 1 ? "byte " : "bytes ", make("span", { class: "bytes" }, shown)),
    ];
  }
}
