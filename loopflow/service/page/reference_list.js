// The list of what a text refers to: what each costs, where that came from, what went wrong and what to do.

import { icon, make, setText } from "./dom.js";
import { age, group, percent, plural, signed } from "./numbers.js";

const MOST = 200; // rows; what is beyond is counted, and said
const KINDS = { file: "file", api: "API", var: "variable" };
const LEVELS = { memory: "from memory", database: "from the database", computed: "counted now" };
const ORDER = { error: 0, waiting: 1, resolving: 1, changed: 2, ok: 2 };

export class ReferenceList {
  #list;
  #more;
  #rows = new Map();

  /** `again(marker)` and `shown(marker)` are called when somebody asks for it. */
  constructor({ list, more, again, shown }) {
    this.#list = list;
    this.#more = more;
    Object.assign(this, { again, shown });
  }

  /** Draw those of a text: failures first, then those to come, then the largest. */
  draw(references, encoding, total) {
    const drawn = [...references].map(([known, times]) => ({ known, times, tokens: (known.tokens?.[encoding] ?? 0) * times }));
    drawn.sort((one, other) => ORDER[one.known.state] - ORDER[other.known.state] || other.tokens - one.tokens);
    const shown = drawn.slice(0, MOST);
    const markers = new Set(shown.map(({ known }) => known.marker));
    for (const [marker, row] of this.#rows) {
      if (markers.has(marker)) continue;
      row.element.remove();
      this.#rows.delete(marker);
    }
    shown.forEach((each, index) => {
      const row = this.#rowOf(each.known);
      if (this.#list.children[index] !== row.element) this.#list.insertBefore(row.element, this.#list.children[index] ?? null);
      row.show(each, encoding, total);
    });
    setText(this.#more, drawn.length > MOST ? `and ${plural(drawn.length - MOST, "other")}, counted too` : "");
  }

  #rowOf(known) {
    let row = this.#rows.get(known.marker);
    if (!row) {
      row = new Row(known.marker, this);
      this.#rows.set(known.marker, row);
    }
    return row;
  }
}

class Row {
  constructor(marker, list) {
    this.mark = make("span", { class: "mark" });
    this.name = make("button", { type: "button", class: "marker", dir: "auto", title: "Show it in the text", onclick: () => list.shown(marker) }, marker);
    this.count = make("span", { class: "count" });
    this.about = make("span", { class: "about" });
    this.share = make("span", { class: "share" });
    const again = make("button", { type: "button", class: "small", onclick: () => list.again(marker) }, icon("again"), "Again");
    again.setAttribute("aria-label", `Ask again for ${marker}`);
    this.hint = make("div", { class: "hint" });
    this.element = make(
      "li", { class: "entry" },
      make("div", { class: "line" }, make("span", { class: "named" }, this.mark, this.name), this.count),
      make("div", { class: "line note" }, this.about, make("span", { class: "buttons" }, this.share, again)),
      this.hint,
    );
    this.icon = "";
  }

  show({ known, times, tokens }, encoding, total) {
    const state = known.state === "waiting" ? "resolving" : known.state;
    this.element.dataset.state = state;
    if (this.icon !== state) this.mark.replaceChildren(icon(state));
    this.icon = state;
    const isFound = state === "ok" || state === "changed";
    setText(this.count, isFound ? group(tokens) : state === "error" ? "0" : "…");
    setText(this.share, isFound && total ? percent(tokens, total) : "");
    setText(this.about, about(known, state, times, encoding));
    setText(this.hint, state === "error" ? known.error.hint ?? "" : "");
  }
}

function about(known, state, times, encoding) {
  if (state === "resolving") return known.wantsRefresh ? "asking again" : "resolving";
  if (state === "error") {
    const last = known.error.last_known_tokens;
    return `failed: ${known.error.detail}${last ? `; it was ${group(last)} before` : ""}`;
  }
  const said = [state === "changed" ? changed(known, encoding) : KINDS[known.kind]];
  if (times > 1) said.push(`${times} times ${group(known.tokens[encoding])}`);
  if (known.isLossy) said.push("not all of it is UTF-8");
  return [...said, LEVELS[known.level] ?? known.level, age((Date.now() - known.at) / 1000)].join(" · ");
}

function changed(known, encoding) {
  return known.previous ? `changed, ${signed(known.tokens[encoding] - known.previous[encoding])}` : "changed";
}
