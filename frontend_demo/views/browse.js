/** Finding and joining public rooms, finding people. */

import { el } from "../dom.js";
import { roomBadge } from "./avatar.js";
import { fittingBlockButton } from "./blocking.js";
import { openDialog } from "./dialog.js";
import { openDirect, personRow } from "./person-row.js";
import { actionButton, searchList } from "./search-list.js";
import { tabs } from "./tabs.js";

/** @param {import("../app.js").AppType} app */
export function browseDialog(app) {
  openDialog(
    "Find",
    tabs("What to find", [
      ["Rooms", () => roomSearch(app)],
      ["People", () => peopleSearch(app)],
    ]),
  );
}

/** @param {import("../app.js").AppType} app */
function roomSearch(app) {
  const row = (/** @type {any} */ room) => {
    const open = async () => {
      if (!room.role) await joinRoom(app, room.slug);
      app.closeDialogs();
      app.go(room.slug);
    };
    return el(
      "div",
      { class: "result" },
      roomBadge(room),
      el("span", { class: "result-text" }, el("strong", {}, room.name), el("span", {}, people(room.member_count))),
      actionButton(room.role ? "Open" : "Join", open, room.role ? "" : "primary"),
    );
  };
  return searchList({
    label: "Search public rooms",
    nothing: "No public room by that name.",
    eager: true,
    find: async (query) => (await app.api.get("rooms/public", query ? { q: query } : undefined)).items,
    render: row,
  });
}

/** @param {import("../app.js").AppType} app */
function peopleSearch(app) {
  const row = (/** @type {import("../protocol.js").User} */ person) => {
    if (person.id === app.session?.user.id) return personRow(person, { note: "you" });
    return personRow(person, {
      onMessage: () => openDirect(app, person.id),
      more: async (place) => place.append(await fittingBlockButton(app, person)),
    });
  };
  return searchList({
    label: "Search people by name",
    nothing: "Nobody by that name.",
    eager: true,
    find: async (query) => (await app.api.get("users", query ? { q: query } : undefined)).items,
    render: row,
  });
}

/** @param {import("../app.js").AppType} app @param {string} slug */
export async function joinRoom(app, slug) {
  const room = await app.api.post(`rooms/${slug}/join`);
  app.shell?.rooms.update(room);
}

/** @param {number} count */
export function people(count) {
  return count === 1 ? "1 person" : `${count} people`;
}
