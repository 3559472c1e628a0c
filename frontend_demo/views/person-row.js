/** People in lists, and writing to them. */

import { el, iconButton, notify } from "../dom.js";
import { avatar } from "./avatar.js";

/** @typedef {import("../protocol.js").User} User */

let count = 0;

/**
 * A row: picture, name, words below it, and what can be done behind a button.
 * @param {User} person
 * @param {object} [options]
 * @param {string} [options.note] words below the name
 * @param {boolean} [options.isHere] puts a dot on the picture
 * @param {(() => Promise<void>) | null} [options.onMessage] adds the button that opens the direct room
 * @param {((place: HTMLElement) => Promise<void>) | null} [options.more] fills the place that a button opens
 */
export function personRow(person, { note = "", isHere = false, onMessage = null, more = null } = {}) {
  const place = el("div", { id: `person-more-${++count}`, class: "person-more", hidden: true });
  const toggle = async () => {
    place.hidden = !place.hidden;
    place.replaceChildren();
    button.setAttribute("aria-expanded", String(!place.hidden));
    if (!place.hidden) await more?.(place).catch((/** @type {Error} */ error) => place.append(error.message));
  };
  const button = iconButton("more", `What can be done with ${person.name}`, toggle, {
    "aria-expanded": "false",
    "aria-controls": place.id,
  });
  const write = () => onMessage?.().catch((/** @type {Error} */ error) => notify(error.message, "error"));
  return el(
    "div",
    { class: "person" },
    el(
      "div",
      { class: "result" },
      el("span", { class: "with-dot", dataset: isHere ? { here: "" } : {} }, avatar(person)),
      el("span", { class: "result-text" }, el("strong", {}, person.name), note && el("span", {}, note)),
      onMessage && iconButton("bubble", `Message ${person.name}`, write),
      more && button,
    ),
    place,
  );
}

/** Opens the direct room with a person. @param {import("../app.js").AppType} app @param {number} user_id */
export async function openDirect(app, user_id) {
  const room = await app.api.post("rooms/direct", { user_id });
  app.shell?.rooms.update(room);
  app.closeDialogs();
  app.go(room.slug);
}
