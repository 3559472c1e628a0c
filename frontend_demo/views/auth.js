/** Log in and sign up. */

import { el } from "../dom.js";
import { field, form } from "./form.js";

/** @param {import("../app.js").AppType} app @param {string} reason why one is here, empty for none */
export function authView(app, reason) {
  const panel = el("div", { class: "auth-panel" });
  const show = (/** @type {boolean} */ signUp) => {
    panel.replaceChildren(...(signUp ? signUpParts(app, () => show(false)) : logInParts(app, () => show(true))));
    queueMicrotask(() => panel.querySelector("input")?.focus()); // once it is on the page
  };
  show(false);
  return el(
    "main",
    { class: "auth" },
    el("div", { class: "brand" }, el("img", { src: "icon.svg", alt: "", width: 36, height: 36 }), "chat_api"),
    reason && el("p", { class: "banner", role: "alert" }, reason),
    panel,
    el("p", { class: "auth-foot" }, el("a", { href: "/api/docs" }, "API documentation")),
  );
}

/** @param {import("../app.js").AppType} app @param {() => void} other */
function logInParts(app, other) {
  return [
    el("h1", {}, "Welcome back"),
    form(
      { submit: "Log in", action: async (values) => app.begin(await app.api.post("auth/login", values)) },
      field({ label: "Email", name: "email", type: "email", autocomplete: "username", required: true }),
      field({
        label: "Password",
        name: "password",
        type: "password",
        autocomplete: "current-password",
        required: true,
      }),
    ),
    el(
      "p",
      { class: "auth-switch" },
      "New here? ",
      el("button", { type: "button", class: "link", on: { click: other } }, "Create an account"),
    ),
  ];
}

/** @param {import("../app.js").AppType} app @param {() => void} other */
function signUpParts(app, other) {
  return [
    el("h1", {}, "Create an account"),
    form(
      { submit: "Sign up", action: async (values) => app.begin(await app.api.post("auth/register", values)) },
      field({ label: "Name", name: "name", autocomplete: "name", hint: "What others see.", required: true }),
      field({
        label: "Email",
        name: "email",
        type: "email",
        autocomplete: "username",
        hint: "Only you see it.",
        required: true,
      }),
      field({
        label: "Password",
        name: "password",
        type: "password",
        autocomplete: "new-password",
        hint: "At least 8 characters.",
        required: true,
      }),
    ),
    el(
      "p",
      { class: "auth-switch" },
      "Have an account? ",
      el("button", { type: "button", class: "link", on: { click: other } }, "Log in"),
    ),
  ];
}
