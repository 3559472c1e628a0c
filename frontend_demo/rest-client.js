/** The REST half of the protocol: `fetch` with the token, and the catalogue's error object thrown as `ChatError`. */

import { ChatError } from "./protocol.js";

export class RestClient {
  /** @param {{base?: string, token?: string | null, onUnauthorized?: () => void}} [options] */
  constructor({ base = "/api", token = null, onUnauthorized } = {}) {
    this.base = base;
    this.token = token;
    this.onUnauthorized = onUnauthorized;
  }

  /** @param {string} path @param {Record<string, string | number>} [query] */
  get(path, query) {
    return this.request("GET", query ? `${path}?${new URLSearchParams(/** @type {any} */ (query))}` : path);
  }

  /** @param {string} path @param {object} [body] */
  post(path, body) {
    return this.request("POST", path, body);
  }

  /** @param {string} path @param {object} body */
  patch(path, body) {
    return this.request("PATCH", path, body);
  }

  /** @param {string} path @param {object} [body] */
  put(path, body) {
    return this.request("PUT", path, body);
  }

  /** @param {string} path @param {object} [body] */
  delete(path, body) {
    return this.request("DELETE", path, body);
  }

  /**
   * @param {string} method
   * @param {string} path below the base, without a leading slash
   * @param {object} [body] sent as JSON
   * @returns {Promise<any>} the parsed answer, null for an empty one; throws `ChatError`
   */
  async request(method, path, body) {
    const headers = { ...this.headers, ...(body && { "Content-Type": "application/json" }) };
    let response, text;
    try {
      response = await fetch(`${this.base}/${path}`, { method, headers, body: body && JSON.stringify(body) });
      text = await response.text();
    } catch {
      throw unreachable();
    }
    return this.answer(response.status, text);
  }

  /** What every request says of who asks. @returns {Record<string, string>} */
  get headers() {
    const headers = { Accept: "application/json" };
    return this.token ? { ...headers, Authorization: `Token ${this.token}` } : headers;
  }

  /** Reads an answer. @param {number} status @param {string} text the body
   * @returns {any} it parsed, null for an empty one; throws `ChatError` */
  answer(status, text) {
    let answer;
    try {
      answer = text ? JSON.parse(text) : null;
    } catch {
      throw unreachable(); // an answer that is not ours: a proxy's error page
    }
    if (status >= 200 && status < 300) return answer;
    if (status === 401 && this.token) this.onUnauthorized?.();
    throw new ChatError(answer?.code ? answer : { code: "internal", message: `The server answered ${status}.` });
  }
}

/** There is no connection. */
export function unreachable() {
  return new ChatError({ code: "unavailable", message: "The server can't be reached. Try again in a moment." });
}
