/** My data: taking all of it with me, deleting my account. */

import { el } from "../dom.js";
import { download, save, sizeText } from "../transfers.js";
import { choice, field, form } from "./form.js";
import { actionButton } from "./search-list.js";

/** @param {import("../app.js").AppType} app */
export function accountPage(app) {
  return el("div", { class: "tab-page" }, exportSection(app), deletion(app));
}

/** @param {import("../app.js").AppType} app */
function exportSection(app) {
  const status = el("p", { class: "hint", role: "status" });
  const progress = el("progress", { "aria-label": "Download", hidden: true });

  async function collect() {
    progress.hidden = false;
    status.textContent = "Collecting your data …";
    try {
      const onProgress = (/** @type {number} */ _, /** @type {number} */ bytes) =>
        (status.textContent = `${sizeText(bytes)} so far …`);
      const file = await download(app.api, "/api/users/me/export", { onProgress });
      save(file, "chat-export.zip");
      status.textContent = `Done: ${sizeText(file.size)}.`;
    } catch (error) {
      status.textContent = "";
      throw error;
    } finally {
      progress.hidden = true;
    }
  }

  return el(
    "section",
    { class: "block" },
    el("h3", {}, "Download"),
    el("p", { class: "hint" }, "Your profile, rooms, messages and files, as one ZIP."),
    el("div", { class: "row" }, actionButton("Download my data", collect), progress, status),
  );
}

/** @param {import("../app.js").AppType} app */
function deletion(app) {
  return el(
    "section",
    { class: "block" },
    el("h3", {}, "Delete my account"),
    form(
      {
        submit: "Delete my account",
        class: "danger-form",
        action: async (values) => {
          await app.api.delete("users/me", values);
          app.end();
          app.show("Your account is deleted."); // the socket may have heard of the end first, and said so
        },
      },
      el("p", {}, "Your name, email, picture and rooms go at once and for good."),
      el(
        "fieldset",
        { class: "choices" },
        el("legend", {}, "Your messages"),
        choice("messages", "keep", "Stay", "They are shown as of “Deleted user”.", true),
        choice("messages", "delete", "Go too", "In their place stands that a message was deleted.", false),
      ),
      field({ label: "Your password", name: "password", type: "password", autocomplete: "current-password" }),
    ),
  );
}
