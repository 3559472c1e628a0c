/** What a role may do in a room: only to hide what the server (backend/chat/roles.py) would refuse. */

/** @typedef {"owner" | "admin" | "member"} Role */
/** @typedef {import("./protocol.js").User} User */
/** @typedef {User & {role: Role, muted_until: string | null, last_seen: string | null}} Member */

/** Renames, adds people, gives out invite links, bans. @param {Role | null} mine */
export function runsRoom(mine) {
  return mine === "owner" || mine === "admin";
}

/** Removes, bans and mutes somebody of a role. @param {Role | null} mine @param {Role} theirs */
export function mayModerate(mine, theirs) {
  return (mine === "owner" && theirs !== "owner") || (mine === "admin" && theirs === "member");
}

/** Gives out roles, hands the room over, deletes it. @param {Role | null} mine */
export function ownsRoom(mine) {
  return mine === "owner";
}
