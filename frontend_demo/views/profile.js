/** My profile: name, picture, logging out. */

import { el, notify } from "../dom.js";
import { avatar } from "./avatar.js";
import { openDialog } from "./dialog.js";
import { field, form } from "./form.js";
import { actionButton } from "./search-list.js";

/** @param {import("../app.js").AppType} app */
export function profileDialog(app) {
  const picture = el("div", { class: "profile-picture" });
  const status = el("p", { class: "form-error", role: "alert", hidden: true });
  const file = el("input", {
    type: "file",
    id: "avatar-file",
    class: "visually-hidden",
    accept: "image/png,image/jpeg,image/webp,image/gif",
  });
  const upload = el("label", { htmlFor: "avatar-file", class: "button" }, "Upload a picture");

  file.addEventListener("change", () => {
    const body = new FormData();
    body.append("avatar", file.files[0]);
    file.value = "";
    changePicture(() => app.api.put("users/me/avatar", body));
  });

  /** @param {() => Promise<any>} request answers me, or nothing */
  async function changePicture(request) {
    status.hidden = true;
    upload.textContent = "Working …";
    try {
      app.updateMe((await request()) ?? (await app.api.get("users/me")));
    } catch (error) {
      status.textContent = /** @type {Error} */ (error).message;
      status.hidden = false;
    }
    upload.textContent = "Upload a picture";
    showPicture();
  }

  function showPicture() {
    const user = app.session?.user;
    if (!user) return;
    const remove = user.avatar && actionButton("Remove", () => changePicture(() => app.api.delete("users/me/avatar")));
    picture.replaceChildren(avatar(user, "large"), el("div", { class: "row" }, file, upload, remove));
  }

  const { name, email } = /** @type {import("../session.js").Me} */ (app.session?.user);
  showPicture();
  openDialog(
    "Your profile",
    picture,
    status,
    form(
      {
        submit: "Save",
        action: async (values) => {
          app.updateMe(await app.api.patch("users/me", values));
          notify("Saved.");
        },
      },
      field({ label: "Name", name: "name", value: name, autocomplete: "name" }),
    ),
    el("p", { class: "hint" }, `Logged in as ${email}`),
    el(
      "div",
      { class: "row dialog-foot" },
      actionButton("Log out", () => app.logOut("auth/logout")),
      actionButton("Log out everywhere", () => app.logOut("auth/logoutall"), "danger"),
    ),
  );
}
