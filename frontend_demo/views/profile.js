/** My profile: name, picture, whom I block, my data, logging out. */

import { el, notify } from "../dom.js";
import { accountPage } from "./account.js";
import { blockedList } from "./blocking.js";
import { openDialog } from "./dialog.js";
import { field, form } from "./form.js";
import { pictureForm } from "./picture.js";
import { actionButton } from "./search-list.js";
import { tabs } from "./tabs.js";

/** @param {import("../app.js").AppType} app */
export function profileDialog(app) {
  openDialog(
    "Your profile",
    tabs("About you", [
      ["Profile", () => profilePage(app)],
      ["Blocked people", () => blockedList(app)],
      ["Your data", () => accountPage(app)],
    ]),
    el(
      "div",
      { class: "row dialog-foot" },
      actionButton("Log out", () => app.logOut("auth/logout")),
      actionButton("Log out everywhere", () => app.logOut("auth/logoutall"), "danger"),
    ),
  );
}

/** @param {import("../app.js").AppType} app */
function profilePage(app) {
  const { name, email } = /** @type {import("../session.js").Me} */ (app.session?.user);
  const rename = form(
    {
      submit: "Save",
      class: "inline",
      action: async (values) => {
        app.updateMe(await app.api.patch("users/me", values));
        notify("Saved.");
      },
    },
    field({ label: "Name", name: "name", value: name, autocomplete: "name" }),
  );
  return el(
    "div",
    { class: "tab-page" },
    pictureForm(app),
    rename,
    el("p", { class: "hint" }, `Logged in as ${email}`),
  );
}
