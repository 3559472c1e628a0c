/** My picture: what is chosen is shown at once, the server cuts it to a square. */

import { el } from "../dom.js";
import { upload } from "../transfers.js";
import { avatar } from "./avatar.js";
import { actionButton } from "./search-list.js";

/** @param {import("../app.js").AppType} app */
export function pictureForm(app) {
  const picture = el("div", { class: "profile-picture" });
  const status = el("p", { class: "form-error", role: "alert", hidden: true });
  const progress = el("progress", { max: 1, "aria-label": "Upload", hidden: true });
  const file = el("input", {
    type: "file",
    id: "avatar-file",
    class: "visually-hidden",
    accept: "image/png,image/jpeg,image/webp,image/gif",
  });
  const choose = el("label", { htmlFor: "avatar-file", class: "button" }, "Upload a picture");

  file.addEventListener("change", () => {
    const [chosen] = file.files;
    file.value = "";
    if (!chosen) return;
    const preview = URL.createObjectURL(chosen);
    const options = {
      method: "PUT",
      field: "avatar",
      onProgress: (/** @type {number} */ part) => (progress.value = part),
    };
    show(preview);
    change(() => upload(app.api, "users/me/avatar", chosen, options)).finally(() => URL.revokeObjectURL(preview));
  });

  /** @param {() => Promise<any>} request answers me, or nothing */
  async function change(request) {
    status.hidden = true;
    progress.hidden = false;
    progress.removeAttribute("value");
    try {
      app.updateMe((await request()) ?? (await app.api.get("users/me")));
    } catch (error) {
      status.textContent = /** @type {Error} */ (error).message;
      status.hidden = false;
    }
    progress.hidden = true;
    show();
  }

  /** @param {string} [preview] address of a picture that is on its way */
  function show(preview) {
    const user = app.session?.user;
    if (!user) return;
    const remove = user.avatar && actionButton("Remove", () => change(() => app.api.delete("users/me/avatar")));
    picture.replaceChildren(
      avatar({ ...user, avatar: preview ?? user.avatar }, "large"),
      el(
        "div",
        { class: "profile-picture-tools" },
        el("div", { class: "row" }, file, choose, !preview && remove),
        progress,
      ),
    );
  }

  show();
  return el("div", {}, picture, status);
}
