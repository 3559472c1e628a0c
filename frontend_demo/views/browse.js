/** Finding and joining public rooms. */

import { el } from "../dom.js";
import { roomBadge } from "./avatar.js";
import { openDialog } from "./dialog.js";
import { actionButton, searchList } from "./search-list.js";

/** @param {import("../app.js").AppType} app */
export function browseDialog(app) {
  const dialog = openDialog(
    "Find rooms",
    searchList({
      label: "Search public rooms",
      nothing: "No public room by that name.",
      eager: true,
      find: async (query) => (await app.api.get("rooms/public", query ? { q: query } : undefined)).items,
      render: row,
    }),
  );

  /** @param {any} room */
  function row(room) {
    const open = async () => {
      if (!room.role) await joinRoom(app, room.slug);
      dialog.close();
      app.go(room.slug);
    };
    return el(
      "div",
      { class: "result" },
      roomBadge(room),
      el("span", { class: "result-text" }, el("strong", {}, room.name), el("span", {}, people(room.member_count))),
      actionButton(room.role ? "Open" : "Join", open, room.role ? "" : "primary"),
    );
  }
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
