/** The invite links of a room: making, copying, taking them back. */

import { el, notify } from "../dom.js";
import { choiceField, form } from "./form.js";
import { actionButton } from "./search-list.js";
import { relativeTime } from "./time.js";

/** @typedef {{id: number, url: string, expires_at: string, max_uses: number | null, uses: number,
 *   created_by: import("../protocol.js").User}} Invite */

/** @type {[string, string][]} */
const HOURS = [
  ["168", "7 days"],
  ["1", "1 hour"],
  ["24", "1 day"],
  ["720", "30 days"],
];
/** @type {[string, string][]} */
const USES = [
  ["", "No limit"],
  ["1", "1 person"],
  ["5", "5 people"],
  ["25", "25 people"],
  ["100", "100 people"],
];

/** @param {import("../app.js").AppType} app @param {import("../inbox-client.js").Room} room */
export function inviteLinks(app, room) {
  const path = `rooms/${room.slug}/invites`;
  const list = el("ul", { class: "results" });
  const note = el("p", { class: "list-note", role: "status" }, "Loading …");

  async function load() {
    try {
      /** @type {Invite[]} */ const items = (await app.api.get(path)).items;
      list.replaceChildren(...items.map((invite) => el("li", {}, row(invite))));
      note.textContent = items.length ? "" : "There is no link yet. Whoever has one can join, until it ends.";
    } catch (error) {
      note.textContent = /** @type {Error} */ (error).message;
    }
  }

  /** @param {Invite} invite */
  function row({ id, url, expires_at, max_uses, uses, created_by }) {
    const address = new URL(url, location.href).href;
    const field = el("input", { class: "invite-url", readOnly: true, value: address, "aria-label": "Invite link" });
    const revoke = async () => {
      await app.api.delete(`${path}/${id}`);
      await load();
    };
    const used = max_uses ? `used ${uses} of ${max_uses} times` : uses ? `used ${uses}×` : "not used yet";
    return el(
      "div",
      { class: "invite" },
      field,
      el("span", { class: "hint" }, `by ${created_by.name}, ends ${relativeTime(expires_at)}, ${used}`),
      el(
        "span",
        { class: "row" },
        actionButton("Copy", () => copy(field)),
        actionButton("Revoke", revoke, "danger"),
      ),
    );
  }

  const create = form(
    {
      submit: "Create a link",
      class: "invite-form",
      action: async ({ expires_in_hours, max_uses }) => {
        await app.api.post(path, { expires_in_hours: Number(expires_in_hours), max_uses: Number(max_uses) || null });
        await load();
        list.querySelector("button")?.focus();
      },
    },
    choiceField("Good for", "expires_in_hours", HOURS),
    choiceField("Used by at most", "max_uses", USES),
  );
  load();
  return el("section", { class: "tab-page", "aria-label": "Invite links" }, create, note, list);
}

/** @param {HTMLInputElement} field */
async function copy(field) {
  field.select();
  // `navigator.clipboard` exists only on https and localhost; elsewhere the text is selected for Ctrl+C.
  await navigator.clipboard?.writeText(field.value);
  notify(navigator.clipboard ? "The link is copied." : "Press Ctrl+C to copy the link.");
}
