// Asking the service: JSON in and out, the token, and what went wrong as one kind of error.

const KEPT = "loopflow-token";

/** What the service said that it will not do, or that nothing answered (`status` 0). */
export class Problem extends Error {
  constructor({ status = 0, code = "unreachable", detail = "", hint = "", after = 0 }) {
    super(detail);
    Object.assign(this, { status, code, detail, hint, after });
  }
}

export class Service {
  #token = "";

  constructor(token) {
    this.#token = token || recall();
    if (token) keep(token);
  }

  get hasToken() {
    return this.#token !== "";
  }

  setToken(token) {
    this.#token = token;
    keep(token);
  }

  headers() {
    const isSendable = /^[\x21-\x7e]+$/.test(this.#token); // anything else is no header, and no token either
    return isSendable ? { Authorization: `Bearer ${this.#token}` } : {};
  }

  get(path, options = {}) {
    return this.#ask(path, { ...options, method: "GET" });
  }

  post(path, body, options = {}) {
    return this.postText(path, JSON.stringify(body), options);
  }

  postText(path, body, options = {}) {
    return this.#ask(path, { ...options, method: "POST", body });
  }

  /**
   * Ask; give up after `seconds`. What has no field `has` is not of this service. Raises Problem, or what `signal` was
   * aborted with.
   */
  async #ask(path, { method, body, signal, has, seconds = 30 }) {
    const controller = new AbortController();
    const stop = () => controller.abort(signal.reason);
    const timer = setTimeout(() => controller.abort(new Problem({ detail: "no reply in time" })), seconds * 1000);
    if (signal?.aborted) stop();
    signal?.addEventListener("abort", stop);
    try {
      const headers = { ...this.headers(), ...(body === undefined ? {} : { "Content-Type": "application/json" }) };
      const reply = await fetch(path, { method, body, headers, signal: controller.signal, cache: "no-store" });
      const found = await reply.json().catch((error) => {
        if (controller.signal.aborted) throw error;
        return null;
      });
      if (reply.ok && found?.[has] !== undefined) return found;
      throw problemOf(reply, found);
    } catch (error) {
      if (controller.signal.aborted) throw controller.signal.reason;
      if (error instanceof Problem) throw error;
      throw new Problem({ detail: "the service does not answer" });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
    }
  }
}

function problemOf(reply, found) {
  const after = Number(reply.headers.get("Retry-After")) || 0;
  const told = found && typeof found === "object" && typeof found.code === "string" ? found : {};
  const detail = told.detail ?? `the reply was ${reply.status}, and not of this service`;
  return new Problem({ code: "no_reply", hint: "", ...told, detail, after, status: reply.status });
}

/** Take the token out of the address, where it stands only once, and return it with what else the address says. */
export function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1));
  const token = given.get("token");
  if (token === null) return "";
  given.delete("token");
  history.replaceState(null, "", `${location.pathname}${location.search}${given.size ? `#${given}` : ""}`);
  return token.trim();
}

function recall() {
  try {
    return sessionStorage.getItem(KEPT) ?? "";
  } catch {
    return "";
  }
}

function keep(token) {
  try {
    sessionStorage.setItem(KEPT, token);
  } catch {
    // without storage the token holds until the page is left
  }
}
