/** What one may do with a member of a room: only what the roles allow is shown. */

import { el } from "../dom.js";
import { mayModerate, ownsRoom } from "../roles.js";
import { fittingBlockButton } from "./blocking.js";
import { confirmDialog } from "./confirm.js";
import { actionButton } from "./search-list.js";

/** @typedef {import("../roles.js").Member} Member */

/** @type {[words: string, minutes: number][]} */
const MUTES = [
  ["10 minutes", 10],
  ["1 hour", 60],
  ["1 day", 1_440],
];

/**
 * @typedef {object} Context
 * @property {import("../app.js").AppType} app
 * @property {import("../inbox-client.js").Room} room
 * @property {Member} member somebody else
 * @property {(member: Member) => void} onChanged
 * @property {() => void} onGone
 * @property {() => Promise<void>} onMyRole called when my own role has changed
 */

/** @param {HTMLElement} place where the buttons go @param {Context} context */
export async function memberActions(place, context) {
  const { app, room, member } = context;
  if (room.kind !== "direct") {
    if (ownsRoom(room.role)) place.append(roleActions(context));
    if (mayModerate(room.role, member.role)) place.append(muteActions(context), removal(context));
  }
  place.append(el("div", { class: "row" }, await fittingBlockButton(app, member)));
}

/** @param {Context} context */
function roleActions({ app, room, member, onChanged, onMyRole }) {
  const path = `rooms/${room.slug}`;
  const role = member.role === "admin" ? "member" : "admin";
  const give = async () => onChanged(await app.api.patch(`${path}/members/${member.id}`, { role }));
  const handOver = () =>
    confirmDialog(
      "Hand the room over?",
      `${member.name} becomes the owner of ${room.name}, and you an admin. Only they can undo it.`,
      "Hand over",
      async () => {
        onChanged(await app.api.post(`${path}/owner`, { user_id: member.id }));
        await onMyRole();
      },
    );
  return el(
    "div",
    { class: "row" },
    actionButton(`Make ${role}`, give),
    member.role !== "owner" && actionButton("Hand over", async () => handOver()),
  );
}

/** @param {Context} context */
function muteActions({ app, room, member, onChanged }) {
  const path = `rooms/${room.slug}/members/${member.id}/mute`;
  const isMuted = member.muted_until && Date.parse(member.muted_until) > Date.now();
  const unmute = async () => {
    await app.api.delete(path);
    onChanged({ ...member, muted_until: null });
  };
  if (isMuted) return el("div", { class: "row" }, actionButton("Unmute", unmute));
  return el(
    "div",
    { class: "row", role: "group", "aria-label": `Mute ${member.name}` },
    el("span", { class: "hint" }, "Mute for"),
    ...MUTES.map(([words, minutes]) =>
      actionButton(words, async () => onChanged(await app.api.put(path, { minutes }))),
    ),
  );
}

/** @param {Context} context */
function removal({ app, room, member, onGone }) {
  const path = `rooms/${room.slug}`;
  const remove = async () => {
    await app.api.delete(`${path}/members/${member.id}`);
    onGone();
  };
  const ban = async () => {
    await app.api.put(`${path}/bans/${member.id}`);
    onGone();
  };
  const askToRemove = () =>
    confirmDialog(
      `Remove ${member.name}?`,
      `They leave ${room.name} at once, and may be let in again.`,
      "Remove",
      remove,
    );
  const askToBan = () =>
    confirmDialog(
      `Ban ${member.name}?`,
      `They leave ${room.name} at once, and can't come back until unbanned.`,
      "Ban",
      ban,
    );
  return el(
    "div",
    { class: "row" },
    actionButton("Remove", async () => askToRemove(), "danger"),
    actionButton("Ban", async () => askToBan(), "danger"),
  );
}
