/** Rooms and their lines in words. */

/** @param {any} room */
export function roomTitle(room) {
  return room.peer?.name ?? room.name;
}

/** A system line in words. @param {import("./protocol.js").Message} message */
export function systemText({ kind, sender, message }) {
  switch (kind) {
    case "created":
      return `${sender.name} created the room`;
    case "joined":
      return `${sender.name} joined`;
    case "left":
      return `${sender.name} left`;
    case "removed":
      return `${sender.name} removed ${message}`;
    case "renamed":
      return `${sender.name} renamed the room to “${message}”`;
    default:
      return [sender.name, message || kind].join(": ");
  }
}

/** A message in one line; in a direct room nobody has to be told who the other one is.
 * @param {import("./protocol.js").Message} message @param {{me: number, isDirect: boolean}} options */
export function previewText(message, { me, isDirect }) {
  if (message.kind !== "text") return systemText(message);
  const who = message.sender.id === me ? "You" : message.sender.name;
  if (message.deleted_at) return `${who} deleted a message`;
  const text = message.message || message.attachments.map(({ name }) => name).join(", ");
  return isDirect && message.sender.id !== me ? text : `${who}: ${text}`;
}
