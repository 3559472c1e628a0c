/** "Ann is typing ...": who is, until they stop, send, or nothing was heard for a while. */

import { el } from "../dom.js";

const FORGET = 6_000; // milliseconds; a client that types says so more often

export class TypingLine {
  element = el("p", { class: "typing", "aria-live": "polite" });
  /** @type {Map<number, ReturnType<typeof setTimeout>>} */ #typing = new Map();
  /** @type {Map<number, string>} */ #names = new Map();
  #api;

  /** @param {import("../chat-client.js").RoomClient} client @param {import("../rest-client.js").RestClient} api */
  constructor(client, api) {
    this.#api = api;
    client.on("typing", (/** @type {{user_id: number, typing: boolean}} */ { user_id, typing }) =>
      this.#set(user_id, typing),
    );
    client.on("change", () => {
      const sender = client.messages.at(-1)?.sender;
      if (sender) this.#names.set(sender.id, sender.name);
      if (sender && this.#typing.has(sender.id)) this.#set(sender.id, false);
    });
  }

  close() {
    for (const timer of this.#typing.values()) clearTimeout(timer);
  }

  /** @param {number} id @param {boolean} typing */
  async #set(id, typing) {
    clearTimeout(this.#typing.get(id));
    if (typing)
      this.#typing.set(
        id,
        setTimeout(() => this.#set(id, false), FORGET),
      );
    else this.#typing.delete(id);
    if (typing && !this.#names.has(id)) {
      const user = await this.#api.get(`users/${id}`).catch(() => null);
      this.#names.set(id, user?.name ?? "Somebody");
    }
    this.#show();
  }

  #show() {
    const names = [...this.#typing.keys()].map((id) => this.#names.get(id)).filter(Boolean);
    this.element.replaceChildren();
    if (!names.length) return;
    const who = names.length > 2 ? "Several people are" : `${names.join(" and ")} ${names.length > 1 ? "are" : "is"}`;
    this.element.append(
      el("span", { class: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i")),
      `${who} typing`,
    );
  }
}
