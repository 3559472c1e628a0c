/** Room details: its people, its name, leaving it. */

import { el } from "../dom.js";
import { roomTitle } from "../room-list.js";
import { avatar } from "./avatar.js";
import { openDialog } from "./dialog.js";
import { field, form } from "./form.js";
import { actionButton, searchList } from "./search-list.js";

/** @param {import("../app.js").AppType} app @param {any} room */
export function roomDetailsDialog(app, room) {
  const runs = room.role === "owner" || room.role === "admin";
  const path = `rooms/${room.slug}`;
  const list = el("ul", { class: "results" });
  const note = el("p", { class: "list-note", role: "status" }, "Loading …");

  const more = actionButton("Show more", () => showMembers(list.lastElementChild.dataset.id));

  /** @param {string} [after] id of the person that the page before ended with; without it from the beginning */
  async function showMembers(after) {
    try {
      const page = await app.api.get(`${path}/members`, after ? { after } : undefined);
      if (!after) list.replaceChildren();
      list.append(
        ...page.items.map((/** @type {any} */ person) => el("li", { dataset: { id: person.id } }, member(person))),
      );
      more.hidden = !page.has_more;
      note.textContent = "";
    } catch (error) {
      note.textContent = /** @type {Error} */ (error).message;
    }
  }

  /** @param {import("../protocol.js").User & {role: string}} person */
  function member(person) {
    const isMe = person.id === app.session?.user.id;
    const message = async () => {
      const direct = await app.api.post("rooms/direct", { user_id: person.id });
      app.shell?.rooms.update(direct);
      dialog.close();
      app.go(direct.slug);
    };
    return el(
      "div",
      { class: "result" },
      avatar(person),
      el(
        "span",
        { class: "result-text" },
        el("strong", {}, person.name),
        el("span", {}, isMe ? `${person.role}, you` : person.role),
      ),
      !isMe && room.kind !== "direct" && actionButton("Message", message),
    );
  }

  /** @param {import("../protocol.js").User} user */
  function candidate(user) {
    const add = async () => {
      await app.api.post(`${path}/members`, { user_id: user.id });
      await showMembers();
    };
    return el(
      "div",
      { class: "result" },
      avatar(user),
      el("span", { class: "result-text" }, el("strong", {}, user.name)),
      actionButton("Add", add, "primary"),
    );
  }

  async function leave() {
    if (!confirm(`Leave ${room.name}?`)) return;
    await app.api.post(`${path}/leave`);
    dialog.close();
    app.shell?.rooms.remove(room.slug);
    app.go(null);
  }

  const rename = form(
    {
      submit: "Rename",
      class: "inline",
      action: async (values) => {
        const renamed = await app.api.patch(path, values);
        app.shell?.rooms.update(renamed);
      },
    },
    field({ label: "Name", name: "name", value: room.name, autocomplete: "off" }),
  );
  const dialog = openDialog(
    roomTitle(room),
    runs && room.kind !== "direct" && rename,
    runs &&
      room.kind === "private" &&
      el(
        "section",
        {},
        el("h3", {}, "Add people"),
        searchList({
          label: "Search people by name",
          nothing: "Nobody by that name.",
          find: async (query) => (await app.api.get("users", { q: query })).items,
          render: candidate,
        }),
      ),
    el("section", {}, el("h3", {}, "People"), note, list, more),
    room.kind !== "direct" && el("div", { class: "row dialog-foot" }, actionButton("Leave the room", leave, "danger")),
  );
  more.hidden = true;
  showMembers();
}
