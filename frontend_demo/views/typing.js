/** "Ann is typing ...": who is, until they stop, send, or nothing was heard for a while. */

import { el } from "../dom.js";

const FORGET = 6_000; // milliseconds; a client that types says so more often

export class TypingLine {
  element = el("p", { class: "typing", "aria-live": "polite" });
  /** @type {Map<number, ReturnType<typeof setTimeout>>} */ #typing = new Map();
  #people;

  /** @param {import("../conversation.js").Conversation} conversation */
  constructor({ client, people }) {
    this.#people = people;
    client.on("typing", (/** @type {{user_id: number, typing: boolean}} */ { user_id, typing }) =>
      this.#set(user_id, typing),
    );
    client.on("change", () => {
      const sender = client.messages.at(-1)?.sender;
      if (sender && this.#typing.has(sender.id)) this.#set(sender.id, false);
    });
    people.on("change", () => this.#typing.size && this.#show());
  }

  close() {
    for (const timer of this.#typing.values()) clearTimeout(timer);
  }

  /** @param {number} id @param {boolean} typing */
  #set(id, typing) {
    clearTimeout(this.#typing.get(id));
    if (typing)
      this.#typing.set(
        id,
        setTimeout(() => this.#set(id, false), FORGET),
      );
    else this.#typing.delete(id);
    this.#show();
  }

  #show() {
    const names = this.#people.meet([...this.#typing.keys()]).map(({ name }) => name);
    this.element.replaceChildren();
    if (!names.length) return;
    const who = names.length > 2 ? "Several people are" : `${names.join(" and ")} ${names.length > 1 ? "are" : "is"}`;
    this.element.append(
      el("span", { class: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i")),
      `${who} typing`,
    );
  }
}
