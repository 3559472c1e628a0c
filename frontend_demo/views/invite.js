/** The page of an invitation: the room it is for, and going in. */

import { el, icon } from "../dom.js";
import { people } from "./browse.js";
import { actionButton } from "./search-list.js";
import { relativeTime } from "./time.js";

export class InviteView {
  #code;
  element = el("section", { class: "empty", "aria-label": "Invitation" });

  /** @param {import("../app.js").AppType} app @param {string} code */
  constructor(app, code) {
    this.app = app;
    this.#code = code;
    this.#load();
  }

  close() {}

  async #load() {
    this.element.replaceChildren(el("p", { class: "list-note", role: "status" }, "Looking at the invitation …"));
    try {
      const { room, expires_at } = await this.app.api.get(`invites/${this.#code}`);
      this.#show(room, expires_at);
    } catch (error) {
      this.#fail(/** @type {import("../protocol.js").ChatError} */ (error));
    }
  }

  /** @param {{slug: string, name: string, kind: string, member_count: number}} room @param {string} expires_at */
  #show(room, expires_at) {
    const join = actionButton("Join the room", () => this.#accept(), "primary");
    this.element.replaceChildren(
      el("span", { class: "avatar room large", "aria-hidden": "true" }, [...room.name][0]?.toUpperCase() ?? "#"),
      el("p", {}, "You are invited to"),
      el("h1", {}, room.name, room.kind === "private" && icon("lock")),
      el("p", {}, `${people(room.member_count)} in here. The invitation ends ${relativeTime(expires_at)}.`),
      join,
      el("a", { href: "#/" }, "Not now"),
    );
    join.querySelector("button")?.focus();
  }

  async #accept() {
    const room = await this.app.api.post(`invites/${this.#code}/accept`);
    this.app.shell?.rooms.update(room);
    location.replace(`#/r/${room.slug}`); // going back must not lead to the invitation again
  }

  /** @param {import("../protocol.js").ChatError} error */
  #fail({ code, message }) {
    const isGone = code === "not_found";
    this.element.replaceChildren(
      icon("warning"),
      el("h1", {}, isGone ? "This invitation is no longer good" : "The invitation can't be opened"),
      el("p", {}, isGone ? "It has expired, was used up or taken back. Ask for a new one." : message),
      isGone || code === "forbidden" ? "" : actionButton("Try again", () => this.#load()),
      el("a", { href: "#/" }, "To my rooms"),
    );
  }
}
