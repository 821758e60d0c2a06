// What a screen reader says by itself: one polite region, at most every two seconds, the newest only.

import { setText } from "./dom.js";

const PAUSE = 2_000;

export class Speech {
  #region;
  #timer = 0;
  #said = 0;
  #text = "";

  constructor(region) {
    this.#region = region;
  }

  say(text) {
    this.#text = text;
    if (this.#timer) return;
    const wait = Math.max(0, this.#said + PAUSE - Date.now());
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      this.#said = Date.now();
      setText(this.#region, this.#text);
    }, wait);
  }
}
