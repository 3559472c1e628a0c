/** The words of the wire that clients share: users, messages, errors. */

/** @typedef {{id: number, name: string, avatar: string | null}} User */
/** @typedef {{code: string, message: string, fields?: Record<string, string>, retry_after?: number}} ErrorObject */
/** @typedef {{id: number, seq: number, sender: User, message: string, deleted_at: string | null}} Quote */
/**
 * @typedef {object} Attachment
 * @property {number} id
 * @property {string} name
 * @property {string} type media type
 * @property {number} size bytes
 * @property {number | null} width of an image, in pixels
 * @property {number | null} height
 * @property {string} url needs the Authorization header, like all of `/api`
 * @property {string | null} thumbnail the same, smaller
 */
/**
 * @typedef {object} Message
 * @property {number} id
 * @property {string} room slug
 * @property {number} seq place in the room
 * @property {number} updated_seq place of its last change in the room's log
 * @property {string} kind `text`, or a system line: `created`, `joined`, `left`, `removed`, `renamed`
 * @property {User} sender
 * @property {string} message
 * @property {string | null} client_id
 * @property {number | null} reply_to
 * @property {Quote | null} quote the beginning of what `reply_to` answers
 * @property {number[]} mention_ids
 * @property {Attachment[]} attachments
 * @property {{emoji: string, count: number, user_ids: number[]}[]} reactions
 * @property {string} created_at ISO 8601
 * @property {string | null} edited_at
 * @property {string | null} deleted_at
 * @property {string | null} pinned_at
 */

const QUOTE_LENGTH = 200; // characters

/** What a reply shows of a message. @param {Message} message @returns {Quote} */
export function quoteOf({ id, seq, sender, message, deleted_at }) {
  return { id, seq, sender, message: [...message].slice(0, QUOTE_LENGTH).join(""), deleted_at };
}

/** Codes after which the same request may succeed a moment later. */
export const RETRYABLE = new Set(["rate_limited", "unavailable", "internal"]);

/** What a final `bye` means, in the words of the error catalogue. @type {Record<string, ErrorObject>} */
export const FINAL_BYES = {
  revoked: { code: "unauthorized", message: "Your session has ended." },
  removed: { code: "forbidden", message: "You are no longer a member of this room." },
};

/** A refusal by the server: the catalogue's error object as an `Error`. */
export class ChatError extends Error {
  /** @param {ErrorObject} error */
  constructor({ code, message, fields, retry_after }) {
    super(message);
    this.name = "ChatError";
    this.code = code;
    this.fields = fields ?? {};
    this.retry_after = retry_after;
  }
}
