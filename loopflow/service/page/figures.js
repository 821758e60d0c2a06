// The numbers: the total, what it is made of, and how sure they are.

import { byId, setText } from "./dom.js";
import { group, plural, signed } from "./numbers.js";

const WAIT = 150; // milliseconds until a number that is being counted looks so
const BAR = 1_000; // until a bar says how far it is
const PLACES = ["content", "references", "files", "characters", "bytes", "words"];

export class Figures {
  #busySince = null;
  #timers = [];
  #total = byId("total");
  #card = byId("card");
  #status = byId("status");
  #bar = byId("progress");

  /** Show the sums. `pinned` is an earlier total, or null. */
  show({ total, content, references, files, characters, bytes, words, lone, pinned, hasReferences, hasFiles }) {
    setText(this.#total, group(total));
    this.#total.dataset.long = String(group(total).length > 9);
    const values = { content, references, files, characters, bytes, words };
    for (const name of PLACES) setText(byId(name), group(values[name]));
    byId("references-row").hidden = !hasReferences;
    byId("files-row").hidden = !hasFiles;
    byId("content-row").hidden = !hasReferences && !hasFiles;
    byId("unit").textContent = total === 1 ? "token" : "tokens";
    byId("difference").hidden = pinned === null;
    if (pinned !== null) {
      setText(byId("difference-value"), signed(total - pinned));
      setText(byId("difference-of"), `since ${group(pinned)}`);
    }
    byId("lone").hidden = lone === 0;
    if (lone) setText(byId("lone"), `${plural(lone, "half character")} (lone surrogate${lone === 1 ? "" : "s"}): counted as U+FFFD`);
  }

  showSelection(text) {
    byId("selection-row").hidden = text === "";
    setText(byId("selection"), text);
  }

  /** Say that numbers are being counted, or that they are exact; `progress` gives {known, all} when asked. */
  setBusy(isBusy, progress) {
    this.#card.setAttribute("aria-busy", String(isBusy));
    if (isBusy === (this.#busySince !== null)) return;
    this.#timers.forEach(clearTimeout);
    this.#timers.forEach(clearInterval);
    this.#timers = [];
    this.#busySince = isBusy ? performance.now() : null;
    if (!isBusy) {
      this.#card.classList.remove("busy");
      this.#bar.hidden = true;
      return;
    }
    this.#timers.push(setTimeout(() => this.#card.classList.add("busy"), WAIT));
    this.#timers.push(setTimeout(() => this.#draw(progress), BAR));
    this.#timers.push(setInterval(() => !this.#bar.hidden && this.#draw(progress), 100));
  }

  /** A newer number was shown while others are still to come: what looks stale is no longer. */
  get isLong() {
    return this.#busySince !== null && performance.now() - this.#busySince > WAIT;
  }

  #draw(progress) {
    const { known, all } = progress();
    this.#bar.hidden = all < 2;
    this.#bar.max = all;
    this.#bar.value = known;
  }

  /** Say how the total is to be read. `kind` is "fine", "busy", "incomplete" or "old". */
  setStatus(kind, text) {
    this.#status.dataset.kind = kind;
    setText(this.#status, text);
  }
}
