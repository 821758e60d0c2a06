// Windows: how full each model's would be, by its own encoding.

import { icon, make, setText } from "./dom.js";
import { cost, group, percent, plural } from "./numbers.js";

const RESERVE = 0.25; // of a window whose tokenizer is another one: it may count as much more
const WORDS = { ok: "fits", reserve: "in the reserve", near: "near the limit", exceeded: "too many" };

/** Return the state of a window: near from `nearFrom` on, exceeded above all of it; exactly full is not exceeded. */
export function stateOf(tokens, { window, near_from: nearFrom, exact }) {
  if (tokens > window) return "exceeded";
  if (tokens >= nearFrom) return "near";
  return !exact && tokens > (1 - RESERVE) * window ? "reserve" : "ok";
}

export class Windows {
  #list;
  #rows = new Map();

  constructor(list) {
    this.#list = list;
  }

  /** Draw a row for each model: {name, window, near_from, encoding, exact}. */
  setModels(models) {
    this.#rows = new Map(models.map((model) => [model, new Row(model)]));
    this.#list.replaceChildren(...[...this.#rows.values()].map((row) => row.element));
  }

  /** Show totals by encoding, with room that is kept for an answer. Returns what is not fine, in words. */
  show(totals, room) {
    const troubles = [];
    for (const [model, row] of this.#rows) {
      const tokens = totals[model.encoding] ?? 0;
      const state = row.show(tokens, room);
      if (state !== "ok") troubles.push(`${model.name}: ${WORDS[state]}`);
    }
    return troubles;
  }

  setBusy(isBusy) {
    this.#list.classList.toggle("busy", isBusy);
  }
}

class Row {
  constructor(model) {
    this.model = model;
    this.share = make("span", { class: "share" });
    this.cost = model.price ? make("span", { class: "cost", title: priceOf(model.price) }) : null;
    this.state = make("span", { class: "state" });
    this.left = make("span", { class: "left" });
    this.fill = make("span", { class: "fill" });
    this.room = make("span", { class: "room" });
    this.bar = make(
      "div",
      { class: "bar", role: "meter", "aria-label": model.name, "aria-valuemin": "0", "aria-valuemax": String(model.window) },
      this.fill, this.room, model.exact ? null : make("span", { class: "reserve", title: "25 % kept back: other tokenizers count the same text higher" }),
    );
    const encoding = model.exact ? model.encoding : "not exact: 25 % in reserve";
    this.element = make(
      "li", { class: "window" },
      make("div", { class: "line" }, make("span", { class: "named" }, make("span", { class: "name", dir: "auto" }, model.name), make("span", { class: "note" }, encoding)), make("span", { class: "amounts" }, this.cost, this.share)),
      this.bar,
      make("div", { class: "line" }, this.state, make("span", { class: "note" }, this.left, ` of ${group(model.window)}`)),
    );
    this.shown = "";
  }

  /** Show so many tokens. Returns the state. */
  show(tokens, room) {
    const { window } = this.model;
    const used = tokens + room;
    const state = stateOf(used, this.model);
    setText(this.share, percent(used, window));
    setText(this.left, used > window ? `${group(used - window)} over` : `${group(window - used)} left`);
    if (this.shown !== state) {
      this.shown = state;
      this.element.dataset.state = state;
      this.state.replaceChildren(icon(state === "reserve" ? "near" : state), WORDS[state]);
    }
    this.fill.style.width = `${Math.min(100, (100 * tokens) / window)}%`;
    this.room.style.width = `${Math.max(0, Math.min(100 - (100 * tokens) / window, (100 * room) / window))}%`;
    this.bar.setAttribute("aria-valuenow", String(Math.min(used, window)));
    const costs = this.cost ? `${this.model.exact ? "" : "about "}${cost(tokens, this.model.price)}` : ""; // room is no input
    if (this.cost) setText(this.cost, costs);
    const kept = room ? `, ${group(room)} of them kept for the answer` : "";
    this.bar.setAttribute("aria-valuetext", `${plural(used, "token")} of ${group(window)}${kept}, ${percent(used, window)}: ${WORDS[state]}${costs && `; input costs ${costs}`}`);
    return state;
  }
}

function priceOf({ amount, before, after }) {
  return `input at ${before}${amount}${after} a million tokens, as the config says`;
}
