/** Starting a room. */

import { el } from "../dom.js";
import { openDialog } from "./dialog.js";
import { choice, field, form } from "./form.js";

/** @param {import("../app.js").AppType} app */
export function createRoomDialog(app) {
  const dialog = openDialog(
    "New room",
    form(
      {
        submit: "Create room",
        action: async ({ name, kind }) => {
          const room = await app.api.post("rooms", { name, kind });
          app.shell?.rooms.update(room);
          dialog.close();
          app.go(room.slug);
        },
      },
      field({ label: "Name", name: "name", autocomplete: "off", required: true }),
      el(
        "fieldset",
        { class: "choices" },
        el("legend", {}, "Who can join"),
        choice("kind", "public", "Public", "Everybody can find and join it.", true),
        choice("kind", "private", "Private", "Only people you add or invite.", false),
      ),
    ),
  );
  dialog.querySelector("input")?.focus();
}
