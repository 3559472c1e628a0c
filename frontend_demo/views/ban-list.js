/** Who is banned from a room, and letting them in again. */

import { el } from "../dom.js";
import { avatar } from "./avatar.js";
import { actionButton } from "./search-list.js";
import { relativeTime } from "./time.js";

/** @typedef {import("../protocol.js").User} User */

/** @param {import("../app.js").AppType} app @param {import("../inbox-client.js").Room} room */
export function banList(app, room) {
  const path = `rooms/${room.slug}/bans`;
  const list = el("ul", { class: "results" });
  const note = el("p", { class: "list-note", role: "status" }, "Loading …");

  const more = actionButton("Show more", () => load(list.lastElementChild.dataset.id));

  /** @param {string} [before] id of the person that the page before ended with; without it from the beginning */
  async function load(before) {
    try {
      const page = await app.api.get(path, before ? { before } : undefined);
      if (!before) list.replaceChildren();
      list.append(...page.items.map((/** @type {any} */ ban) => el("li", { dataset: { id: ban.user.id } }, row(ban))));
      more.hidden = !page.has_more;
      note.textContent = list.hasChildNodes() ? "" : "Nobody is banned. Who is can't join, by invitation neither.";
    } catch (error) {
      note.textContent = /** @type {Error} */ (error).message;
    }
  }

  /** @param {{user: User, by: User | null, created_at: string}} ban */
  function row({ user, by, created_at }) {
    const unban = async () => {
      await app.api.delete(`${path}/${user.id}`);
      await load();
    };
    const words = ["banned", by && `by ${by.name}`, relativeTime(created_at)].filter(Boolean).join(" ");
    return el(
      "div",
      { class: "result" },
      avatar(user),
      el("span", { class: "result-text" }, el("strong", {}, user.name), el("span", {}, words)),
      actionButton("Unban", unban),
    );
  }

  more.hidden = true;
  load();
  return el("section", { "aria-label": "Banned people" }, note, list, more);
}
