/** Several namespaces over one connection. */

/**
 * An `io` for RoomClient and InboxClient whose namespaces share one connection, also one that is left and entered
 * again: for that plain `io` would make a second connection. One client a namespace: the next one takes it over.
 * @param {any} io `io` of socket.io-client
 * @param {string} [url] origin of the server; default: the page's own
 * @returns {(address: string, options: {auth: object | Function}) => any}
 */
export function shareConnection(io, url = location.origin) {
  /** @type {any} */ let manager;
  return (address, { auth, ...options }) => {
    manager ??= new io.Manager(url, options);
    const socket = manager.socket(new URL(address, url).pathname, { auth });
    socket.off(); // it may be one that an earlier client has left
    socket.auth = auth;
    return socket;
  };
}
