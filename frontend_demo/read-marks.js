/** Who has read up to where. Large rooms have none: the server tells of nobody there. */

import { Emitter } from "./emitter.js";

/** Event: `change` when a mark has moved. */
export class ReadMarks extends Emitter {
  /** The place up to which each person has read. @type {Map<number, number>} */ #seqs = new Map();
  #client;
  #api;
  #slug;
  #me;

  /** @param {import("./chat-client.js").RoomClient} client @param {import("./rest-client.js").RestClient} api
   * @param {string} slug @param {number} me */
  constructor(client, api, slug, me) {
    super();
    this.#client = client;
    this.#api = api;
    this.#slug = slug;
    this.#me = me;
    client.on("read", (/** @type {{user_id: number, seq: number}} */ { user_id, seq }) => {
      if (this.#move(user_id, seq)) this.emit("change");
    });
    client.on("change", () => {
      const last = client.messages.at(-1);
      if (last && this.#seqs.size) this.#move(last.sender.id, last.seq); // who writes has read
    });
    // What was read while the connection was away is not said again.
    client.on("state", (/** @type {{status: string}} */ { status }) => status === "online" && this.#load());
  }

  /** How many others have read it. @param {number} seq */
  readers(seq) {
    return [...this.#seqs.values()].filter((place) => place >= seq).length;
  }

  /** Where people stand, of the held messages: for each the ids of those who have read it and nothing after it; nobody
   * stands at a message of their own. @returns {Map<number, number[]>} by the message's id */
  standing() {
    const { messages, hasNewer } = this.#client;
    /** @type {Map<number, number[]>} */ const found = new Map();
    for (const [id, seq] of this.#seqs) {
      const index = messages.findLastIndex((message) => message.seq <= seq);
      if (index < 0 || messages[index].sender.id === id) continue;
      if (hasNewer && index === messages.length - 1) continue; // perhaps further down
      found.set(messages[index].id, [...(found.get(messages[index].id) ?? []), id]);
    }
    return found;
  }

  async #load() {
    try {
      const { items } = await this.#api.get(`rooms/${this.#slug}/reads`);
      for (const { user_id, seq } of items) this.#move(user_id, seq);
      this.emit("change");
    } catch {
      // They come with the next connection; nothing else depends on them.
    }
  }

  /** @param {number} id @param {number} seq */
  #move(id, seq) {
    if (id === this.#me || seq <= (this.#seqs.get(id) ?? -1)) return false;
    this.#seqs.set(id, seq);
    return true;
  }
}
