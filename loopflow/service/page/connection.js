// Whether the service answers. What has to be asked again waits here: 1, 2, 4 ... 30 seconds, or until somebody says so.

const LONGEST = 30;

export class Connection {
  /** "open"; "lost": nothing answers, or not now; "refused": it wants a token. */
  state = "open";
  /** What went wrong last; null once something was answered again. */
  problem = null;
  retryAt = 0;
  #attempts = 0;
  #timer = 0;
  #listeners = [];

  listen(listener) {
    this.#listeners.push(listener);
  }

  get isOpen() {
    return this.state === "open";
  }

  /** It did not: everything that asks is to wait. Further failures of the same moment change nothing. */
  failed(problem) {
    if (!this.isOpen) return;
    const refuses = problem.status === 401;
    if (refuses) {
      this.#turn("refused", problem);
      return;
    }
    const seconds = Math.max(problem.after, Math.min(2 ** this.#attempts, LONGEST));
    this.#attempts += 1;
    this.retryAt = Date.now() + seconds * 1000;
    this.#timer = setTimeout(() => this.retry(), seconds * 1000);
    this.#turn("lost", problem);
  }

  /** Let everything ask again, now. Whether it answers shows then. */
  retry() {
    if (this.isOpen) return;
    clearTimeout(this.#timer);
    this.state = "open";
    this.#tell();
  }

  /** It answered. */
  answered() {
    this.#attempts = 0;
    if (this.problem === null && this.isOpen) return;
    clearTimeout(this.#timer);
    this.#turn("open", null);
  }

  #turn(state, problem) {
    this.state = state;
    this.problem = problem;
    this.#tell();
  }

  #tell() {
    for (const listener of this.#listeners) listener(this);
  }
}
