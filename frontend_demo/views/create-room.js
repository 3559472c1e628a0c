/** Starting a room. */

import { el } from "../dom.js";
import { openDialog } from "./dialog.js";
import { field, form } from "./form.js";

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
        choice("public", "Public", "Everybody can find and join it.", true),
        choice("private", "Private", "Only people you add.", false),
      ),
    ),
  );
  dialog.querySelector("input")?.focus();
}

/** @param {string} value @param {string} label @param {string} hint @param {boolean} checked */
function choice(value, label, hint, checked) {
  return el(
    "label",
    { class: "choice" },
    el("input", { type: "radio", name: "kind", value, checked }),
    el("span", {}, el("strong", {}, label), el("span", {}, hint)),
  );
}
