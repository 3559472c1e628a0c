/** My rooms at the side: unread badges, the last line of each, what is wrong with the connection. */

import { el, icon } from "../dom.js";
import { previewText, roomTitle } from "../words.js";
import { roomBadge } from "./avatar.js";
import { browseDialog } from "./browse.js";
import { createRoomDialog } from "./create-room.js";
import { shortTime } from "./time.js";

const TITLE = "chat_api";
const MOST = 99; // as far as the server counts

export class SideList {
  #app;
  #inbox;
  #offs;
  #isScheduled = false;
  /** @type {Map<string, {facts: string, item: HTMLElement, link: HTMLElement}>} by slug */ #rows = new Map();
  #state = el("p", { class: "side-state", role: "status", hidden: true });
  #list = el("ul", { class: "rooms" });
  #note = el("div", { class: "side-note" });

  /** @param {import("../app.js").AppType} app @param {import("../inbox-client.js").InboxClient} inbox */
  constructor(app, inbox) {
    this.#app = app;
    this.#inbox = inbox;
    this.element = el("div", { class: "side-rooms" }, this.#state, this.#list, this.#note);
    this.#offs = ["change", "state"].map((event) => inbox.on(event, this.#schedule));
    this.show();
  }

  close() {
    this.#offs.forEach((off) => off());
    document.title = TITLE;
  }

  show() {
    const { rooms, isLoaded, status, error } = this.#inbox;
    this.#showRooms(rooms);
    const state = status === "offline" ? "No connection. Trying again …" : (error?.message ?? "");
    this.#state.hidden = !state;
    this.#state.textContent = state;
    const isComing = !isLoaded && status !== "refused";
    this.#note.replaceChildren(...(rooms.length ? [] : isComing ? skeleton() : isLoaded ? this.#nothing() : []));
    const unread = rooms.reduce((sum, room) => sum + this.#unread(room), 0);
    document.title = unread ? `(${upTo(MOST, unread)}) ${TITLE}` : TITLE;
  }

  // A burst of news is one rendering.
  #schedule = () => {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.show();
    });
  };

  /** @param {import("../inbox-client.js").Room} room what is on screen is being read */
  #unread(room) {
    return room.slug === this.#app.slug && !document.hidden ? 0 : room.unread_count;
  }

  /** Rows stay the same elements while they move and change: a click is not lost under somebody's finger.
   * @param {import("../inbox-client.js").Room[]} rooms */
  #showRooms(rooms) {
    const focused = /** @type {HTMLElement | null} */ (document.activeElement);
    const gone = new Map(this.#rows);
    let place = this.#list.firstElementChild;
    for (const room of rooms) {
      const { item } = this.#row(room);
      gone.delete(room.slug);
      if (item === place) place = place.nextElementSibling;
      else this.#list.insertBefore(item, place);
    }
    for (const [slug, { item }] of gone) {
      item.remove();
      this.#rows.delete(slug);
    }
    if (focused !== document.activeElement) focused?.focus({ preventScroll: true }); // it was moved
  }

  /** @param {import("../inbox-client.js").Room} room */
  #row(room) {
    let row = this.#rows.get(room.slug);
    if (!row) {
      const link = el("a", { class: "room-link", href: `#/r/${room.slug}` });
      this.#rows.set(room.slug, (row = { facts: "", item: el("li", {}, link), link }));
    }
    const unread = this.#unread(room);
    const last = room.last_message;
    const time = last?.created_at ?? room.created_at;
    const words = last ? this.#preview(last, room) : "Nothing said yet";
    const facts = JSON.stringify([room.name, room.kind, room.peer, unread, room.mention_count, words, shortTime(time)]);
    if (row.facts !== facts) row.link.replaceChildren(...this.#linkParts(room, { unread, words, time }));
    row.facts = facts;
    row.link.classList.toggle("unread", unread > 0);
    if (room.slug === this.#app.slug) row.link.setAttribute("aria-current", "page");
    else row.link.removeAttribute("aria-current");
    return row;
  }

  /** @param {import("../inbox-client.js").Room} room @param {{unread: number, words: string, time: string}} shown */
  #linkParts(room, { unread, words, time }) {
    const mentions = unread && room.mention_count;
    return [
      roomBadge(room),
      el(
        "span",
        { class: "room-text" },
        el(
          "span",
          { class: "room-row" },
          el("span", { class: "room-name" }, roomTitle(room), room.kind === "private" && icon("lock")),
          el("time", { dateTime: time }, shortTime(time)),
        ),
        el(
          "span",
          { class: "room-row" },
          el("span", { class: "room-last" }, words),
          mentions > 0 && badge("@", `${mentions} mentioning you`, "mention"),
          unread > 0 && badge(upTo(MOST - 1, unread), `${unread} unread`),
        ),
      ),
    ];
  }

  /** @param {import("../protocol.js").Message} last @param {import("../inbox-client.js").Room} room */
  #preview(last, room) {
    const me = this.#app.session?.user.id ?? 0;
    return previewText(last, { me, isDirect: room.kind === "direct" });
  }

  #nothing() {
    return [
      el("p", {}, "You are in no room yet."),
      el(
        "div",
        { class: "row" },
        el("button", { type: "button", class: "primary", on: { click: () => browseDialog(this.#app) } }, "Find rooms"),
        el("button", { type: "button", on: { click: () => createRoomDialog(this.#app) } }, "Start one"),
      ),
    ];
  }
}

/** @param {string} text @param {string} label @param {string} [name] class */
function badge(text, label, name = "") {
  return el("span", { class: `badge ${name}`, role: "img", "aria-label": label }, text);
}

/** @param {number} most @param {number} count */
function upTo(most, count) {
  return count > most ? "99+" : String(count);
}

/** Rows to come. */
function skeleton() {
  const row = () =>
    el("div", { class: "room-skeleton", "aria-hidden": "true" }, el("i"), el("span", {}, el("b"), el("b")));
  return [el("p", { class: "visually-hidden", role: "status" }, "Loading your rooms …"), row(), row(), row(), row()];
}
