/** The people of a room, as far as the page has met them; all of them once somebody asks. */

import { Emitter } from "./emitter.js";

/** @typedef {import("./protocol.js").User} User */

const FEW = 3;
const PAGES = 10; // of 200: nobody picks a name from a longer list

/** Event: `change` when somebody new is known. */
export class People extends Emitter {
  /** @type {Map<number, User>} */ #known = new Map();
  /** @type {Set<number>} */ #asked = new Set();
  /** @type {Promise<User[]> | null} */ #members = null;
  #api;
  #slug;

  /** @param {import("./chat-client.js").RoomClient} client @param {import("./rest-client.js").RestClient} api
   * @param {string} slug */
  constructor(client, api, slug) {
    super();
    this.#api = api;
    this.#slug = slug;
    client.on("change", () => {
      const last = client.messages.at(-1);
      if (!last) return;
      this.#known.set(last.sender.id, last.sender);
      if (last.kind !== "text") this.#members = null; // somebody came or went
    });
  }

  /** @param {number} id */
  get(id) {
    return this.#known.get(id);
  }

  /** Those of them who are known; the others are asked for, and `change` tells when they are.
   * @param {readonly number[]} ids @returns {User[]} */
  meet(ids) {
    const strangers = ids.filter((id) => !this.#known.has(id) && !this.#asked.has(id));
    if (strangers.length) this.#ask(strangers);
    return ids.flatMap((id) => this.#known.get(id) ?? []);
  }

  /** @returns {Promise<User[]>} the members; throws `ChatError` */
  members() {
    this.#members ??= this.#load().catch((error) => {
      this.#members = null;
      throw error;
    });
    return this.#members;
  }

  /** @param {readonly number[]} ids */
  async #ask(ids) {
    for (const id of ids) this.#asked.add(id);
    if (ids.length > FEW) await this.members().catch(() => []); // one request instead of many
    const strangers = ids.filter((id) => !this.#known.has(id));
    await Promise.all(strangers.map(async (id) => this.#known.set(id, await this.#user(id))));
    this.emit("change");
  }

  /** @param {number} id @returns {Promise<User>} */
  #user(id) {
    return this.#api.get(`users/${id}`).catch(() => ({ id, name: "Somebody", avatar: null }));
  }

  async #load() {
    /** @type {User[]} */ const found = [];
    for (let page, turn = 0; turn < PAGES && (!page || page.has_more); turn++) {
      const after = found.at(-1)?.id;
      page = await this.#api.get(`rooms/${this.#slug}/members`, after ? { limit: 200, after } : { limit: 200 });
      found.push(...page.items);
    }
    found.forEach((user) => this.#known.set(user.id, user));
    this.emit("change");
    return found;
  }
}
