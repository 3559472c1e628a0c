/** The held messages of a room: in the room's order, without duplicates, each in its newest state. */

/** @typedef {import("./protocol.js").Message} Message */

export class Timeline {
  /** @type {Map<number, Message>} */ #held = new Map();
  /** @type {Message[] | null} */ #sorted = null;
  /** Changes of messages that the page being loaded may bring in an older state. @type {Map<number, Message> | null} */
  #missed = null;

  get messages() {
    return (this.#sorted ??= [...this.#held.values()].sort((a, b) => a.seq - b.seq));
  }

  /** Starts anew from the room's newest page. @param {Message[]} page */
  reset(page) {
    this.#held.clear();
    this.#sorted = this.#missed = null;
    page.forEach((message) => this.#hold(message));
  }

  /** Takes a new message, or the new state of one. @param {Message} message */
  take(message) {
    const oldest = this.messages[0];
    if (!oldest || message.seq >= oldest.seq) this.#hold(message);
    else this.#missed?.set(message.id, message); // held alone it would hide the hole between it and the oldest
  }

  /**
   * Adds the page before the oldest held message.
   * @template {{items: Message[]}} Page
   * @param {(before: number | undefined) => Promise<Page>} load
   * @returns {Promise<Page | null>} null when a reset came between: the page no longer borders on what is held
   */
  async extend(load) {
    const missed = (this.#missed = new Map());
    const page = await load(this.messages[0]?.seq);
    if (this.#missed !== missed) return null;
    for (const message of page.items) this.#hold(missed.get(message.id) ?? message);
    this.#missed = null;
    return page;
  }

  /** @param {Message} message */
  #hold(message) {
    if ((this.#held.get(message.id)?.updated_seq ?? 0) >= message.updated_seq) return;
    this.#held.set(message.id, message);
    this.#sorted = null;
  }
}
