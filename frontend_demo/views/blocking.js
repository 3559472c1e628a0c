/** Blocking people, so that they can't write to one directly. */

import { el, notify } from "../dom.js";
import { avatar } from "./avatar.js";
import { actionButton } from "./search-list.js";

/** @typedef {import("../protocol.js").User} User */

/** The button that blocks a person, or unblocks one who is blocked.
 * @param {import("../app.js").AppType} app @param {User} person */
export async function fittingBlockButton(app, person) {
  return blockButton(
    app,
    person,
    (await loadBlocked(app)).some(({ id }) => id === person.id),
  );
}

/** @param {import("../app.js").AppType} app @param {User} person @param {boolean} isBlocked */
function blockButton(app, person, isBlocked) {
  const path = `users/me/blocks/${person.id}`;
  const place = el("span", {});
  const change = async () => {
    await (isBlocked ? app.api.delete(path) : app.api.put(path));
    isBlocked = !isBlocked;
    show();
    place.querySelector("button")?.focus();
    notify(isBlocked ? `${person.name} can't write to you directly any more.` : `${person.name} is not blocked now.`);
  };
  const show = () =>
    place.replaceChildren(actionButton(isBlocked ? "Unblock" : "Block", change, isBlocked ? "" : "danger"));
  show();
  return place;
}

/** @param {import("../app.js").AppType} app @returns {Promise<User[]>} */
async function loadBlocked(app) {
  return (await app.api.get("users/me/blocks")).items;
}

/** The people I block, as a list to take them off again. @param {import("../app.js").AppType} app */
export function blockedList(app) {
  const list = el("ul", { class: "results" });
  const note = el("p", { class: "list-note", role: "status" }, "Loading …");
  const load = async () => {
    try {
      const people = await loadBlocked(app);
      list.replaceChildren(...people.map((person) => el("li", {}, row(person))));
      note.textContent = people.length ? "" : "You block nobody. Who is blocked can't write to you directly.";
    } catch (error) {
      note.textContent = /** @type {Error} */ (error).message;
    }
  };
  const row = (/** @type {User} */ person) =>
    el(
      "div",
      { class: "result" },
      avatar(person),
      el("span", { class: "result-text" }, el("strong", {}, person.name)),
      blockButton(app, person, true),
    );
  load();
  return el("section", {}, note, list);
}
