/**
 * The held messages of a room: in the room's order, without duplicates and holes, each in its newest state.
 *
 * They are the room's newest ones, or, after a jump to an old message, a stretch somewhere before (`isLive` false).
 */

import { quoteOf } from "./protocol.js";

/** @typedef {import("./protocol.js").Message} Message */
/** @typedef {{items: Message[], has_more: boolean, has_newer?: boolean}} Page */

export class Timeline {
  /** Whether what is held reaches up to the room's newest message. */ isLive = true;
  /** @type {Map<number, Message>} */ #held = new Map();
  /** @type {Message[] | null} */ #sorted = null;
  /** Changes that the page being loaded may not know yet. @type {Map<number, Message> | null} */ #missed = null;

  get messages() {
    return (this.#sorted ??= [...this.#held.values()].sort((a, b) => a.seq - b.seq));
  }

  /** Starts anew from a page. @param {Message[]} page @param {boolean} [isLive] */
  reset(page, isLive = true) {
    this.#held.clear();
    this.#sorted = this.#missed = null;
    this.isLive = isLive;
    page.forEach((message) => this.#hold(message));
  }

  /** Whether the place is among those held. @param {number} seq */
  has(seq) {
    const { messages } = this;
    return messages.length > 0 && messages[0].seq <= seq && seq <= messages[messages.length - 1].seq;
  }

  /** Takes a new message, or the new state of one. @param {Message} message */
  take(message) {
    this.#missed?.set(message.id, message);
    if (this.#belongs(message.seq)) this.#hold(message);
    if (message.updated_seq > message.seq) this.#requote(this.#held.get(message.id) ?? message);
  }

  /** Adds the page before the oldest held message. @param {(where: {before?: number}) => Promise<Page>} ask
   * @returns {Promise<Page | null>} null when a reset came between: the page no longer borders on what is held */
  extendBack(ask) {
    return this.#load(
      () => ask({ before: this.messages[0]?.seq }),
      (page) => page.items.forEach((message) => this.#hold(message)),
    );
  }

  /** Adds the page after the newest held message. @param {(where: {after?: number}) => Promise<Page>} ask
   * @returns {Promise<Page | null>} as above */
  extendForward(ask) {
    return this.#load(
      () => ask({ after: this.messages[this.messages.length - 1]?.seq }),
      (page) => {
        page.items.forEach((message) => this.#hold(message));
        this.isLive = !page.has_more;
      },
    );
  }

  /** Starts anew from another page of the room. @param {() => Promise<Page>} ask @returns {Promise<Page | null>} */
  replace(ask) {
    return this.#load(ask, (page) => this.reset(page.items, !page.has_newer));
  }

  /** @param {() => Promise<Page>} ask @param {(page: Page) => void} apply */
  async #load(ask, apply) {
    const missed = (this.#missed = new Map());
    try {
      const page = await ask();
      if (this.#missed !== missed) return null;
      this.#missed = null;
      apply(page);
      for (const message of missed.values()) this.take(message);
      return page;
    } finally {
      if (this.#missed === missed) this.#missed = null;
    }
  }

  /** Held alone, a message far away would hide the hole between it and the others. @param {number} seq */
  #belongs(seq) {
    const { messages } = this;
    return !messages.length ? this.isLive : messages[0].seq <= seq && (this.isLive || this.has(seq));
  }

  /** @param {Message} message */
  #hold(message) {
    if ((this.#held.get(message.id)?.updated_seq ?? 0) >= message.updated_seq) return;
    this.#held.set(message.id, message);
    this.#sorted = null;
  }

  /** A message has changed: so have the quotes of it. @param {Message} message */
  #requote(message) {
    const quote = quoteOf(message);
    for (const [id, reply] of this.#held) {
      if (reply.quote?.id !== quote.id) continue;
      if (reply.quote.message === quote.message && reply.quote.deleted_at === quote.deleted_at) continue;
      this.#held.set(id, { ...reply, quote });
      this.#sorted = null;
    }
  }
}
