// Variables that change: the one thing that the service tells by itself. Read only while somebody looks at a page that
// refers to one, since each stream holds one of the few connections that a browser makes.

const LONGEST = 30_000;

export class Events {
  #service;
  #changed;
  #controller = null;
  #isWanted = false;
  #pause = 1_000;
  #timer = 0;

  /** `changed` is called with the name of a variable, and with null when some may have been missed. */
  constructor({ service, changed }) {
    this.#service = service;
    this.#changed = changed;
    document.addEventListener("visibilitychange", () => this.#adjust());
  }

  want(isWanted) {
    this.#isWanted = isWanted;
    this.#adjust();
  }

  #adjust() {
    const listens = this.#isWanted && document.visibilityState === "visible";
    if (listens && !this.#controller) this.#listen();
    if (!listens) {
      clearTimeout(this.#timer);
      this.#controller?.abort();
      this.#controller = null;
    }
  }

  async #listen() {
    const controller = new AbortController();
    this.#controller = controller;
    try {
      const reply = await fetch("v1/events", { headers: this.#service.headers(), signal: controller.signal, cache: "no-store" });
      if (!reply.ok) throw new Error(`${reply.status}`);
      this.#pause = 1_000;
      await this.#read(reply.body.pipeThrough(new TextDecoderStream()).getReader());
    } catch {
      // said elsewhere: whatever else is asked for fails too
    }
    if (this.#controller !== controller) return;
    this.#timer = setTimeout(() => {
      if (this.#controller !== controller) return;
      this.#controller = null;
      this.#adjust();
      this.#changed(null);
    }, this.#pause);
    this.#pause = Math.min(2 * this.#pause, LONGEST);
  }

  async #read(reader) {
    let held = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const events = (held + value).split("\n\n");
      held = events.pop();
      for (const event of events) this.#tell(event);
    }
  }

  #tell(event) {
    const fields = new Map(event.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()]));
    if (fields.get("event") === "variable") this.#changed(JSON.parse(fields.get("data")).name);
  }
}
