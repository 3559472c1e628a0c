/** A message being edited in place. */

import { el } from "../dom.js";

/**
 * @param {import("../protocol.js").Message} message
 * @param {{onSave: (text: string) => Promise<void>, onCancel: () => void}} options
 */
export function editRow(message, { onSave, onCancel }) {
  const text = el("textarea", {
    "aria-label": "Edit message",
    value: message.message,
    rows: Math.min(message.message.split("\n").length + 1, 8),
  });
  const failure = el("p", { class: "form-error", role: "alert", hidden: true });
  const submit = el("button", { type: "submit", class: "primary" }, "Save");
  const save = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (submit.disabled) return;
    submit.disabled = true;
    try {
      await onSave(text.value);
    } catch (error) {
      failure.textContent = /** @type {Error} */ (error).message;
      failure.hidden = false;
    }
    submit.disabled = false;
  };
  text.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Escape") onCancel();
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) save(event);
  });
  const row = el(
    "li",
    { class: "msg mine editing" },
    el(
      "form",
      { class: "msg-main", on: { submit: save } },
      text,
      failure,
      el("div", { class: "row" }, el("button", { type: "button", on: { click: onCancel } }, "Cancel"), submit),
    ),
  );
  queueMicrotask(() => text.focus());
  return row;
}
