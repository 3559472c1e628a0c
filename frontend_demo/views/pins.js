/** The pinned messages of a room. */

import { el, iconButton } from "../dom.js";
import { openDialog } from "./dialog.js";
import { foundMessage } from "./found-message.js";

/** @typedef {import("../protocol.js").Message} Message */

/** @param {import("../conversation.js").Conversation} conversation @param {(seq: number) => void} onJump */
export function pinsDialog(conversation, onJump) {
  const { api, client, room } = conversation;
  const list = el("ul", { class: "results" });
  const note = el("p", { class: "list-note", role: "status" }, "Loading …");
  const dialog = openDialog("Pinned messages", note, list);

  async function load() {
    try {
      const { items } = await api.get(`rooms/${room.slug}/pins`);
      list.replaceChildren(...items.map(row));
      note.textContent = items.length ? "" : "Nothing is pinned here.";
    } catch (error) {
      note.textContent = /** @type {Error} */ (error).message;
    }
  }

  /** @param {Message} message */
  function row(message) {
    const onOpen = () => {
      dialog.close();
      onJump(message.seq);
    };
    const unpin = iconButton("close", "Unpin", async () => {
      unpin.disabled = true;
      try {
        await client.pin(message.id, false);
        await load();
      } catch (error) {
        note.textContent = /** @type {Error} */ (error).message;
        unpin.disabled = false;
      }
    });
    return el(
      "li",
      { class: "pin" },
      foundMessage(message, { text: [message.message], onOpen }),
      conversation.mayPin && unpin,
    );
  }

  load();
}
