/** Room details: its people, invite links, bans, its name; leaving and deleting it. */

import { el } from "../dom.js";
import { roomTitle } from "../words.js";
import { ownsRoom, runsRoom } from "../roles.js";
import { avatar } from "./avatar.js";
import { banList } from "./ban-list.js";
import { confirmDialog } from "./confirm.js";
import { openDialog } from "./dialog.js";
import { field, form } from "./form.js";
import { inviteLinks } from "./invite-links.js";
import { MemberList } from "./member-list.js";
import { actionButton, searchList } from "./search-list.js";
import { tabs } from "./tabs.js";

/** @typedef {import("../inbox-client.js").Room} Room */
/** @typedef {import("../roles.js").Member} Member */

/**
 * @param {import("../app.js").AppType} app
 * @param {Room} room is brought up to date
 * @param {import("../chat-client.js").RoomClient} client
 * @param {import("../presence.js").Presence} presence
 */
export function roomDetailsDialog(app, room, client, presence) {
  const path = `rooms/${room.slug}`;
  const body = el("div", { class: "room-details" }, el("p", { class: "list-note", role: "status" }, "Loading …"));
  const dialog = openDialog(roomTitle(room), body);
  /** @type {MemberList | null} */ let members = null;
  /** @type {Room["role"]} */ let shownTo = null;
  /** @type {Promise<void> | null} */ let loading = null;
  const offs = [
    presence.on("change", () => members?.refresh()),
    client.on("member", (/** @type {Member} */ member) => {
      const isMyRole = member.id === app.session?.user.id && member.role !== shownTo;
      if (isMyRole) load();
      else if (members?.has(member.id)) members.take(member);
    }),
  ];
  dialog.addEventListener("close", () => offs.forEach((off) => off()));

  /** Shows what my role lets me do, as it is now. */
  function load() {
    loading ??= reload().finally(() => (loading = null));
    return loading;
  }

  async function reload() {
    try {
      Object.assign(room, await app.api.get(path));
      show();
    } catch (error) {
      body.replaceChildren(el("p", { class: "list-note", role: "alert" }, /** @type {Error} */ (error).message));
    }
  }

  function show() {
    shownTo = room.role;
    members = new MemberList(app, room, presence, load);
    if (room.kind === "direct") return body.replaceChildren(members.element);
    const people = () => el("div", { class: "tab-page" }, runsRoom(room.role) && addPeople(), members?.element);
    /** @type {[string, () => HTMLElement][]} */
    const pages = [["People", people]];
    if (runsRoom(room.role)) {
      pages.push(["Invites", () => inviteLinks(app, room)], ["Banned", () => banList(app, room)]);
    }
    pages.push(["Room", settings]);
    const hadFocus = body.contains(document.activeElement);
    const chosen = () => /** @type {HTMLElement | null} */ (body.querySelector("[role=tab][aria-selected=true]"));
    body.replaceChildren(tabs("About the room", pages, chosen()?.textContent ?? ""));
    if (hadFocus) chosen()?.focus();
  }

  function addPeople() {
    const row = (/** @type {import("../protocol.js").User} */ user) => {
      const add = async () => {
        members?.take(await app.api.post(`${path}/members`, { user_id: user.id }));
        node.replaceWith(row(user));
      };
      const node = el(
        "div",
        { class: "result" },
        avatar(user),
        el("span", { class: "result-text" }, el("strong", {}, user.name)),
        members?.has(user.id) ? el("span", { class: "hint" }, "in the room") : actionButton("Add", add, "primary"),
      );
      return node;
    };
    return searchList({
      label: "Add people by name",
      nothing: "Nobody by that name.",
      find: async (query) => (await app.api.get("users", { q: query })).items,
      render: row,
    });
  }

  function settings() {
    const rename = form(
      {
        submit: "Rename",
        class: "inline",
        action: async (values) => app.shell?.rooms.update(await app.api.patch(path, values)),
      },
      field({ label: "Name", name: "name", value: room.name, autocomplete: "off" }),
    );
    const end = (/** @type {() => Promise<void>} */ action) => async () => {
      await action();
      app.shell?.rooms.remove(room.slug);
      app.closeDialogs();
      app.go(null);
    };
    const askToLeave = () =>
      confirmDialog(
        `Leave ${room.name}?`,
        leaving(room),
        "Leave",
        end(() => app.api.post(`${path}/leave`)),
      );
    const askToDelete = () =>
      confirmDialog(
        `Delete ${room.name}?`,
        "Everything that was said in it is gone for everybody. This can't be undone.",
        "Delete for everybody",
        end(() => app.api.delete(path)),
      );
    return el(
      "section",
      { class: "tab-page", "aria-label": "Room" },
      runsRoom(room.role) && rename,
      el(
        "div",
        { class: "row" },
        actionButton("Leave the room", async () => askToLeave(), "danger"),
        ownsRoom(room.role) && actionButton("Delete the room", async () => askToDelete(), "danger"),
      ),
    );
  }

  load();
}

/** What leaving does. @param {Room} room */
function leaving({ kind, role, member_count }) {
  if (member_count === 1) return "You are the last one: the room is deleted with all that was said in it.";
  const back = kind === "public" ? "You can join it again." : "To come back you need to be let in again.";
  return role === "owner" ? `If you are its only owner, somebody else becomes one. ${back}` : back;
}
