/** The lines of the log, top to bottom: days, messages, where people stand, what is on its way. */

import { el } from "../dom.js";
import { editRow } from "./edit.js";
import { messageRow, systemRow } from "./message.js";
import { pendingRow } from "./pending.js";
import { readersRow } from "./readers.js";
import { dayOf } from "./time.js";

/** @typedef {import("../protocol.js").Message} Message */
/** @typedef {import("../conversation.js").Conversation} Conversation */
/** @typedef {import("./row-list.js").Row} Row */

const GROUP = 5 * 60_000; // milliseconds within which one sender's messages stand together

/**
 * @param {Conversation} conversation
 * @param {object} options
 * @param {import("./message.js").Actions} options.actions
 * @param {number} options.newAfter the place after which others' messages are new
 * @param {{id: number, onSave: (text: string) => Promise<void>, onCancel: () => void} | null} options.editing
 * @returns {Iterable<Row>}
 */
export function* lines(conversation, { actions, newAfter, editing }) {
  const { client, me, people, reads } = conversation;
  const standing = reads.standing();
  people.meet([...standing.values()].flat());
  let day = "";
  let isNewMarked = false;
  /** @type {Message | null} */ let before = null;
  for (const message of client.messages) {
    if (dayOf(message.created_at) !== day) {
      day = dayOf(message.created_at);
      before = null;
      yield dayLine(message, day);
    }
    if (!isNewMarked && message.seq > newAfter && message.sender.id !== me) {
      isNewMarked = true;
      before = null;
      yield { key: "new", facts: [], make: () => el("li", { class: "new-mark" }, el("span", {}, "New")) };
    }
    if (editing?.id === message.id) {
      yield { key: String(message.id), facts: ["editing"], make: () => editRow(message, editing) };
    } else {
      yield messageLine(message, conversation, actions, before !== null && isContinued(before, message));
    }
    const readers = people.meet(standing.get(message.id) ?? []);
    if (readers.length) yield { key: `readers ${message.id}`, facts: readers, make: () => readersRow(readers) };
    before = message;
  }
  for (const item of client.pending) {
    const { client_id } = item;
    const options = { me, onRetry: () => client.retry(client_id), onDiscard: () => client.discard(client_id) };
    yield { key: client_id, facts: [item.error], make: () => pendingRow(item, options) };
  }
}

/** @param {Message} message the first of the day @param {string} day @returns {Row} */
function dayLine(message, day) {
  return {
    key: `day ${message.created_at.slice(0, 10)} ${day}`,
    facts: [],
    make: () => el("li", { class: "day" }, el("span", {}, day)),
  };
}

/** @param {Message} message @param {Conversation} conversation @param {import("./message.js").Actions} actions
 * @param {boolean} continued @returns {Row} */
function messageLine(message, conversation, actions, continued) {
  const key = String(message.id);
  if (message.kind !== "text") return { key, facts: [message], make: () => systemRow(message) };
  const { me, people, reads, mayPin, isModerator } = conversation;
  const isRead = message.sender.id === me && reads.readers(message.seq) > 0;
  const mentioned = people.meet(message.mention_ids);
  return {
    key,
    facts: [message, continued, isRead, mayPin, isModerator, mentioned.map(({ name }) => name).join("\n")],
    make: () => messageRow(message, { conversation, actions, continued, isRead, mentioned }),
  };
}

/** @param {Message} before @param {Message} message */
function isContinued(before, message) {
  const near = Date.parse(message.created_at) - Date.parse(before.created_at) < GROUP;
  return near && before.kind === "text" && message.kind === "text" && before.sender.id === message.sender.id;
}
