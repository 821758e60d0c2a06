// Variables that change: the one thing that the service tells by itself. Read only while somebody looks at a page that
// refers to one, and by one page for all that are open: each stream holds one of the few connections of a browser.

const NAME = "loopflow-events";
const SHORTEST = 1_000;
const LONGEST = 30_000;

export class Events {
  #service;
  #changed;
  #controller = null;
  #isWanted = false;
  #others = new BroadcastChannel(NAME);

  /** `changed` is called with the name of a variable, and with null when some may have been missed. */
  constructor({ service, changed }) {
    this.#service = service;
    this.#changed = changed;
    this.#others.onmessage = ({ data }) => this.#isWanted && changed(data);
    document.addEventListener("visibilitychange", () => this.#adjust());
  }

  want(isWanted) {
    this.#isWanted = isWanted;
    this.#adjust();
  }

  #adjust() {
    const listens = this.#isWanted && document.visibilityState === "visible";
    if (listens === (this.#controller !== null)) return;
    this.#controller?.abort();
    this.#controller = listens ? new AbortController() : null;
    if (listens) this.#begin(this.#controller.signal);
  }

  /** Listen in place of all pages; without TLS off loopback, where pages cannot agree, by itself. */
  async #begin(signal) {
    const listen = () => this.#listen(signal);
    try {
      await (navigator.locks ? navigator.locks.request(NAME, { signal }, listen) : listen());
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** Listen until it is not wanted any more, again and again, later and later. */
  async #listen(signal) {
    for (let pause = SHORTEST; !signal.aborted; pause = Math.min(2 * pause, LONGEST)) {
      try {
        const reply = await fetch("v1/events", { headers: this.#service.headers(), signal, cache: "no-store" });
        if (reply.ok) {
          pause = SHORTEST;
          await this.#read(reply.body.pipeThrough(new TextDecoderStream()).getReader());
        }
      } catch {
        // said elsewhere: whatever else is asked for fails too
      }
      if (signal.aborted) return;
      await new Promise((resolve) => setTimeout(resolve, pause));
      this.#tell(null);
    }
  }

  async #read(reader) {
    let held = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const events = (held + value).split("\n\n");
      held = events.pop();
      for (const event of events) this.#understand(event);
    }
  }

  #understand(event) {
    const fields = new Map(event.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()]));
    if (fields.get("event") === "variable") this.#tell(JSON.parse(fields.get("data")).name);
  }

  #tell(name) {
    this.#others.postMessage(name);
    if (this.#isWanted) this.#changed(name);
  }
}
