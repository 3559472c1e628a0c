/** The people of a room: who is here, their roles, and what I may do with them. */

import { el } from "../dom.js";
import { memberActions } from "./member-actions.js";
import { openDirect, personRow } from "./person-row.js";
import { actionButton } from "./search-list.js";
import { shortTime } from "./time.js";

/** @typedef {import("../roles.js").Member} Member */

export class MemberList {
  #app;
  #room;
  #presence;
  #onMyRole;
  /** @type {Map<number, Member>} */ #members = new Map();
  #list = el("ul", { class: "results" });
  #note = el("p", { class: "list-note", role: "status" }, "Loading …");
  #more = actionButton("Show more", () => this.#load());
  /** Id of the person that the page before ended with. @type {number | undefined} */ #last;

  /**
   * @param {import("../app.js").AppType} app
   * @param {import("../inbox-client.js").Room} room
   * @param {import("../presence.js").Presence} presence
   * @param {() => Promise<void>} onMyRole called when what I did may have changed my own role
   */
  constructor(app, room, presence, onMyRole) {
    this.#app = app;
    this.#room = room;
    this.#presence = presence;
    this.#onMyRole = onMyRole;
    this.element = el("section", { "aria-label": "People" }, this.#note, this.#list, this.#more);
    this.#more.hidden = true;
    this.#load();
  }

  /** Shows who is here now. */
  refresh() {
    if (!this.#list.querySelector("[aria-expanded=true]")) this.#show(); // not under somebody's hands
  }

  /** Whether somebody is among those that are shown. @param {number} id */
  has(id) {
    return this.#members.has(id);
  }

  /** @param {Member} member came in, or has changed: what was open with them stays open */
  take(member) {
    const known = this.#members.get(member.id);
    if (known && known.role === member.role && known.muted_until === member.muted_until) return; // told twice
    this.#members.set(member.id, member);
    const row = this.#item(member);
    const before = this.#list.querySelector(`[data-id="${member.id}"]`);
    if (!before) return this.#list.append(row);
    const wasOpen = before.querySelector("[aria-expanded=true]") !== null;
    const lostFocus = document.activeElement === document.body; // by a button that was pressed in it
    this.#keepFocus(() => {
      before.replaceWith(row);
      if (wasOpen) toggleOf(row)?.click();
    });
    if (wasOpen && lostFocus) toggleOf(row)?.focus();
  }

  /** Adds the next page. */
  async #load() {
    try {
      const path = `rooms/${this.#room.slug}/members`;
      const { items, has_more } = await this.#app.api.get(path, this.#last ? { after: this.#last } : undefined);
      for (const member of items) this.#members.set(member.id, member);
      this.#last = items.at(-1)?.id;
      this.#more.hidden = !has_more;
      this.#note.textContent = "";
      this.#show();
    } catch (error) {
      this.#note.textContent = /** @type {Error} */ (error).message;
    }
  }

  #show() {
    this.#keepFocus(() => {
      this.#list.replaceChildren(...[...this.#members.values()].map((member) => this.#item(member)));
    });
  }

  /** Puts the focus on the same button of the same row again. @param {() => void} render */
  #keepFocus(render) {
    const focused = this.#list.contains(document.activeElement) && document.activeElement;
    const id = focused && focused.closest("li").dataset.id;
    render();
    const row = focused && this.#list.querySelector(`[data-id="${id}"]`);
    if (!row) return;
    const same = [...row.querySelectorAll("button")].find((button) => labelOf(button) === labelOf(focused));
    (same ?? toggleOf(row))?.focus();
  }

  /** @param {Member} member */
  #item(member) {
    return el("li", { dataset: { id: member.id } }, this.#row(member));
  }

  /** @param {Member} member */
  #row(member) {
    const isMe = member.id === this.#app.session?.user.id;
    const canWrite = !isMe && this.#room.kind !== "direct";
    return personRow(member, {
      isHere: this.#presence.has(member.id),
      note: this.#words(member),
      onMessage: canWrite ? () => openDirect(this.#app, member.id) : null,
      more: isMe
        ? null
        : (place) =>
            memberActions(place, {
              app: this.#app,
              room: this.#room,
              member,
              onChanged: (changed) => this.take(changed),
              onGone: () => this.#drop(member),
              onMyRole: this.#onMyRole,
            }),
    });
  }

  /** @param {Member} member */
  #words(member) {
    const { id, role, muted_until } = member;
    const here = id === this.#app.session?.user.id ? "you" : this.#presence.wordsFor(member);
    const isMuted = muted_until && Date.parse(muted_until) > Date.now();
    const words = [this.#room.kind !== "direct" && role, here, isMuted && `muted until ${shortTime(muted_until)}`];
    return words.filter(Boolean).join(", ");
  }

  /** @param {Member} member */
  #drop(member) {
    this.#members.delete(member.id);
    this.#show();
    this.#note.textContent = `${member.name} is not in the room any more.`;
    this.#list.querySelector("button")?.focus();
  }
}

/** What opens the place for what can be done with somebody. @param {HTMLElement} row @returns {HTMLElement | null} */
const toggleOf = (row) => row.querySelector("[aria-expanded]");

/** @param {Element} button */
const labelOf = (button) => button.getAttribute("aria-label") ?? button.textContent;
