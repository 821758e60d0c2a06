// What somebody prefers: kept in this browser and in the address. No text is ever part of either.

const KEPT = "loopflow-settings";
const READERS = {
  encoding: (value) => (["o200k_base", "cl100k_base"].includes(value) ? value : undefined),
  theme: (value) => (["system", "light", "dark"].includes(value) ? value : undefined),
  tokens: (value) => ({ on: true, off: false })[value],
  marks: (value) => ({ on: true, off: false })[value],
  room: readSize,
  limit: readSize,
};
const STANDARD = { encoding: "", theme: "system", tokens: false, marks: false, room: 0, limit: 0 };

/** A number of tokens as somebody writes it: 200000, 200_000, 200,000, 200k, 1.5M. Undefined for anything else. */
export function readSize(text) {
  const found = /^(\d{1,12}(?:\.\d{1,6})?)([kKM]?)$/.exec(String(text).replace(/[_,\s]/g, ""));
  if (!found) return undefined;
  const size = Number(found[1]) * { "": 1, k: 1e3, K: 1e3, M: 1e6 }[found[2]];
  return Number.isInteger(size) && size <= 1e12 ? size : undefined;
}

export class Settings {
  #listeners = [];

  constructor() {
    Object.assign(this, STANDARD, readAll(stored()), readAll(new URLSearchParams(location.hash.slice(1))));
  }

  listen(listener) {
    this.#listeners.push(listener);
  }

  set(name, value) {
    this[name] = value;
    this.#keep();
    for (const listener of this.#listeners) listener(name);
  }

  #keep() {
    const given = new URLSearchParams();
    for (const [name, standard] of Object.entries(STANDARD)) {
      const value = this[name];
      if (value !== standard) given.set(name, typeof value === "boolean" ? (value ? "on" : "off") : value);
    }
    history.replaceState(null, "", `${location.pathname}${location.search}${given.size ? `#${given}` : ""}`);
    try {
      localStorage.setItem(KEPT, String(given));
    } catch {
      // without storage they hold until the page is left
    }
  }
}

function stored() {
  try {
    return new URLSearchParams(localStorage.getItem(KEPT) ?? "");
  } catch {
    return new URLSearchParams();
  }
}

function readAll(given) {
  const read = {};
  for (const [name, reader] of Object.entries(READERS)) {
    const value = given.has(name) ? reader(given.get(name)) : undefined;
    if (value !== undefined) read[name] = value;
  }
  return read;
}
