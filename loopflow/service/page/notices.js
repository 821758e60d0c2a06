// What somebody has to know or do: no answer, a token that is wanted, files that cannot be read.

import { icon, make } from "./dom.js";

export class Notices {
  #place;
  #connection;
  #service;
  #shown = null;
  #said = "";
  #timer = 0;

  /** `place` is where they stand. */
  constructor({ place, connection, service }) {
    this.#place = place;
    this.#connection = connection;
    this.#service = service;
    connection.listen(() => this.#draw());
  }

  /** Say what went wrong, until it is put away. */
  say(text) {
    const close = make("button", { type: "button", class: "small icon-only", "aria-label": "Put this away" }, icon("remove"));
    const notice = make("div", { class: "notice", role: "alert", data: { kind: "bad" } }, icon("error"), make("p", {}, text), close);
    close.addEventListener("click", () => notice.remove());
    this.#place.append(notice);
    while (this.#place.querySelectorAll(".notice[role=alert]").length > 4) this.#place.querySelector(".notice[role=alert]").remove();
  }

  #draw() {
    const { problem, state } = this.#connection;
    const kind = problem === null ? "" : `${problem.status === 401 ? "token" : "lost"} ${problem.detail}`;
    if (kind !== this.#said) {
      this.#said = kind;
      this.#shown?.remove();
      this.#shown = kind ? (problem.status === 401 ? this.#tokenForm() : this.#lost(problem)) : null;
      if (this.#shown) this.#place.prepend(this.#shown);
    }
    clearInterval(this.#timer);
    if (state === "lost") this.#timer = setInterval(() => this.#countDown(), 250);
    this.#countDown();
  }

  #countDown() {
    const place = this.#shown?.querySelector(".when");
    if (!place) return;
    const seconds = Math.max(0, Math.ceil((this.#connection.retryAt - Date.now()) / 1000));
    place.textContent = this.#connection.isOpen || !seconds ? "Trying again now." : `Trying again in ${seconds} s.`;
  }

  #lost(problem) {
    const what = problem.status === 0 ? "The service does not answer." : `The service said: ${problem.detail}.`;
    const now = make("button", { type: "button", class: "small", onclick: () => this.#connection.retry() }, "Try now");
    const text = make("p", {}, make("span", { role: "status" }, `${what} Your text is safe in this page. `), make("span", { class: "when" }));
    return make("div", { class: "notice", data: { kind: "warn" } }, icon("near"), text, now);
  }

  #tokenForm() {
    const label = this.#service.hasToken ? "That token is not the one that this service wants." : "This service wants a token.";
    const field = make("input", { type: "password", autocomplete: "off", "aria-label": "Token of the service", placeholder: "Token" });
    const use = make("button", { type: "submit" }, "Use");
    const form = make("form", { class: "notice", data: { kind: "warn" } }, icon("near"), make("p", { role: "status" }, label), field, use);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#service.setToken(field.value.trim());
      this.#said = "";
      this.#connection.retry();
    });
    return form;
  }
}
