/** Who is logged in. Kept in localStorage: fine for a demo; an app with third-party scripts wants a safer place. */

const KEY = "chat-session";

/** @typedef {{id: number, name: string, avatar: string | null, email: string}} Me */

/** @returns {{token: string, user: Me} | null} */
export function loadSession() {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "null");
  } catch {
    return null;
  }
}

/** @param {{token: string, user: Me} | null} session */
export function saveSession(session) {
  try {
    if (session) localStorage.setItem(KEY, JSON.stringify({ token: session.token, user: session.user }));
    else localStorage.removeItem(KEY);
  } catch {
    // Without storage the session lasts until the page is closed.
  }
}
