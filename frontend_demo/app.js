/** Start and routing: logged out, or the two panes with what the address names: a room (`#/r/<slug>`), perhaps at one
 * of its messages (`#/r/<slug>/<seq>`), or an invitation (`#/invite/<code>`). */

import { el, notify } from "./dom.js";
import { RestClient } from "./rest-client.js";
import { loadSession, saveSession } from "./session.js";
import { shareConnection } from "./shared-connection.js";
import { authView } from "./views/auth.js";
import { Shell } from "./views/shell.js";

const root = /** @type {HTMLElement} */ (document.getElementById("app"));

const ADDRESS = /^#\/r\/([\w-]+)(?:\/(\d+))?$/;

class App {
  api = new RestClient({ onUnauthorized: () => this.end("Your session has ended. Log in again.") });
  session = loadSession();
  /** @type {Shell | null} */ shell = null;

  /** @param {any} io */
  constructor(io) {
    this.io = shareConnection(io);
    window.addEventListener("hashchange", () => this.shell?.open());
  }

  /** The room that the address names, null for none. */
  get slug() {
    return ADDRESS.exec(location.hash)?.[1] ?? null;
  }

  /** The place of the message that the address names, null for none. */
  get seq() {
    return Number(ADDRESS.exec(location.hash)?.[2]) || null;
  }

  /** The invitation that the address names, null for none. */
  get invite() {
    return /^#\/invite\/([\w-]+)$/.exec(location.hash)?.[1] ?? null;
  }

  /** @param {string | null} slug @param {number} [seq] */
  go(slug, seq) {
    const address = ["#", ...(slug ? ["r", slug, ...(seq ? [seq] : [])] : [""])].join("/");
    if (location.hash === address)
      this.shell?.open(); // there again, from somewhere else in the room
    else location.hash = address;
  }

  /** @param {string} [reason] shown above the login form */
  show(reason = "") {
    this.shell?.close();
    this.shell = null;
    this.api.token = this.session?.token ?? null;
    const invited = this.invite ? "You are invited to a room. Log in or create an account to see it." : "";
    if (!this.session) return root.replaceChildren(authView(this, reason || invited));
    this.shell = new Shell(this);
    root.replaceChildren(this.shell.element);
    this.shell.open();
  }

  /** @param {{token: string, user: import("./session.js").Me}} session */
  begin(session) {
    this.session = session;
    saveSession(session);
    this.show();
  }

  /** Forgets the session on this side; on the server's it has ended already. @param {string} [reason] */
  end(reason) {
    if (!this.session) return;
    this.session = null;
    saveSession(null);
    this.closeDialogs();
    this.show(reason);
  }

  closeDialogs() {
    document.querySelectorAll("dialog").forEach((dialog) => dialog.close());
  }

  /** @param {"auth/logout" | "auth/logoutall"} path */
  async logOut(path) {
    this.shell?.close(); // it would hear of the end before the answer is here, and take it for somebody else's doing
    try {
      await this.api.post(path);
    } catch (error) {
      const { code, message } = /** @type {import("./protocol.js").ChatError} */ (error);
      if (code !== "unauthorized") {
        this.show();
        return notify(`You are still logged in: ${message}`, "error");
      }
    }
    this.end();
  }

  /** My profile has changed. @param {import("./session.js").Me} user */
  updateMe(user) {
    if (!this.session) return;
    this.session = { ...this.session, user };
    saveSession(this.session);
    this.shell?.showMe();
  }
}

function missingDependency() {
  return el(
    "main",
    { class: "boot" },
    el("h1", {}, "Almost there"),
    el("p", {}, "The Socket.IO client is not installed yet. Run this once, then reload the page:"),
    el("pre", {}, el("code", {}, "cd frontend_demo && npm install")),
    el(
      "p",
      {},
      "The API needs nothing of it: ",
      el("a", { href: "/api/docs" }, "its documentation"),
      " is there already.",
    ),
  );
}

// Imported by path: plain files, no build step, and no inline import map, which a strict CSP would forbid.
const socketio = await import("./node_modules/socket.io-client/dist/socket.io.esm.min.js").catch(() => null);
if (socketio) new App(socketio.io).show();
else root.replaceChildren(missingDependency());

/** @typedef {App} AppType */
