// What the official socket.io-client sees: `node scenarios.mjs <scenario> <options as JSON>` prints a JSON result.
// Options: modules (where socket.io-client is), url, slug, token, and what a scenario takes besides.

import { createRequire } from "node:module";

const [scenario, json] = process.argv.slice(2);
const options = JSON.parse(json);
const { io } = createRequire(`${options.modules}/`)("socket.io-client");

const open = (auth, more = {}) =>
  io(`${options.url}/${options.slug}`, { auth, forceNew: true, reconnection: false, ...more });

const event = (emitter, name) => new Promise((resolve) => emitter.once(name, resolve));

/** Collects the messages of a socket; `until(count)` waits for so many. */
function messagesOf(socket) {
  const messages = [];
  let wanted = Infinity;
  let enough;
  socket.on("message", (message) => {
    messages.push(message);
    if (messages.length >= wanted) enough();
  });
  return {
    messages,
    until: (count) =>
      new Promise((resolve) => {
        wanted = count;
        enough = resolve;
        if (messages.length >= wanted) resolve();
      }),
  };
}

const scenarios = {
  /** Two people talk at once; the second one all the time while the first one connects and upgrades. */
  async talk({ token, other, transports, count }) {
    const second = open({ token: other }, { transports: ["websocket"] });
    await event(second, "sync");
    const heard = [messagesOf(second).messages];
    const typing = event(second, "typing");

    const first = open({ token }, { transports });
    const began = first.io.engine.transport.name;
    const words = messagesOf(first);
    heard.push(words.messages);
    let settled = transports.length === 1;
    first.io.engine.once("upgrade", () => (settled = true));
    const synced = event(first, "sync");
    let sync;
    synced.then((payload) => (sync = payload));
    first.emit("typing", { typing: true });
    const acks = Array.from({ length: count }, (_, number) =>
      first.emitWithAck("message", { message: `first ${number}` }),
    );
    const answers = [];
    for (let after = 0; after < count; after += settled && sync ? 1 : 0) {
      answers.push(await second.emitWithAck("message", { message: `second ${answers.length}` }));
    }
    answers.push(...(await Promise.all(acks)));
    const last = Math.max(...answers.map(({ data }) => data.seq));
    await words.until(last - sync.seq);
    const history = await first.emitWithAck("history", { limit: 100 });
    const result = { began, ended: first.io.engine.transport.name, sync, answers, heard, history, typing: await typing };
    first.disconnect();
    second.disconnect();
    return result;
  },

  /** What `connect_error` tells, and whether the client gives up by itself. */
  async refused({ auth, transports }) {
    const socket = open(auth, { transports });
    const error = await event(socket, "connect_error");
    const result = { message: error.message, data: error.data, active: socket.active };
    socket.disconnect();
    return result;
  },

  /** Comes back with its position after the network failed while another person talked. */
  async recovered({ token, other, transports }) {
    const auth = { token };
    const first = open(auth, { transports });
    const second = open({ token: other }, { transports: ["websocket"] });
    await Promise.all([event(first, "sync"), event(second, "sync")]);
    const before = event(first, "message");
    await second.emitWithAck("message", { message: "before" });
    auth.since = (await before).updated_seq;
    const lost = event(first, "disconnect");
    first.io.engine.close();
    await lost;
    const missed = [];
    for (const text of ["one", "two", "three"]) {
      missed.push((await second.emitWithAck("message", { message: text })).data);
    }
    const back = event(first, "sync");
    first.connect();
    const sync = await back;
    const live = event(first, "message");
    const after = (await second.emitWithAck("message", { message: "after" })).data;
    const result = { missed, sync, after, live: await live };
    first.disconnect();
    second.disconnect();
    return result;
  },

  /** What the acks say about commands that are wrong, one after the other. */
  async mistakes({ token, transports, commands }) {
    const socket = open({ token }, { transports });
    await event(socket, "sync");
    const answers = [];
    for (const command of commands) answers.push(await socket.emitWithAck(...command));
    const binary = await socket.emitWithAck("message", { message: Buffer.from("bytes") });
    const result = { answers, binary, connected: socket.connected };
    socket.disconnect();
    return result;
  },
};

setTimeout(() => {
  console.error(`${scenario} took too long`);
  process.exit(1);
}, 30_000).unref();
console.log(JSON.stringify(await scenarios[scenario](options)));
