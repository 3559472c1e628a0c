// A `RoomClient` on a leash: commands as JSON lines on stdin, each answered by a line on stdout.
// `node room_client.mjs <options as JSON>`: modules (where socket.io-client is), client (where chat-client.js is),
// storage (the file that stands for localStorage), url, slug, token, user.
// A command is [name, ...arguments]; the answer is {value} or {error}. At the end of stdin nothing is forced to end:
// the process lives on as long as a connection or a timer of the client does.

import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

import { obey, waiting } from "./leash.mjs";

const options = JSON.parse(process.argv[2]);
const { io } = createRequire(`${options.modules}/`)("socket.io-client");
const { RoomClient } = await import(pathToFileURL(options.client));

/** What `localStorage` is to a page, in a file: it outlives this process. */
class FileStorage {
  #path;
  #items;

  constructor(path) {
    this.#path = path;
    this.#items = new Map(JSON.parse(readFileSync(path, "utf8")));
  }

  get length() {
    return this.#items.size;
  }

  key(index) {
    return [...this.#items.keys()][index] ?? null;
  }

  getItem(key) {
    return this.#items.get(key) ?? null;
  }

  setItem(key, value) {
    this.#items.set(key, value);
    this.#save();
  }

  removeItem(key) {
    this.#items.delete(key);
    this.#save();
  }

  #save() {
    writeFileSync(this.#path, JSON.stringify([...this.#items]));
  }
}

let socket;
const heard = []; // [event, payload] from the server
const said = []; // the same from the client

/** `io`, with an ear at the socket. */
function overheard(...args) {
  socket = io(...args);
  socket.onAny((...event) => heard.push(event));
  socket.onAnyOutgoing((...event) => said.push(event));
  return socket;
}

const room = new RoomClient({ ...options, io: overheard, storage: new FileStorage(options.storage) });

const look = () => ({
  status: room.status,
  error: room.error ?? null,
  position: room.position,
  hasMore: room.hasMore,
  hasNewer: room.hasNewer,
  messages: room.messages,
  pending: room.pending.map(({ error, ...item }) => ({ ...item, code: error?.code ?? null })),
  heard,
  said,
});

/** What can be waited for, by name. */
const conditions = {
  status: (status) => room.status === status,
  settled: () => room.status === "online" && room.pending.every(({ error }) => error),
  said: (text) => said.some(([, payload]) => payload.message === text),
  heard: (text) => room.messages.some(({ message }) => message === text),
};

const commands = {
  connect: () => room.connect(),
  send: (text, more) => room.send(text, more).client_id,
  retry: (id) => room.retry(id),
  discard: (id) => room.discard(id),
  loadAround: (seq) => room.loadAround(seq),
  loadNewer: () => room.loadNewer(),
  loadNewest: () => room.loadNewest(),
  look,
  /** The connection stays, and nothing more of what the server says arrives. */
  deafen: () => {
    socket.io.engine.transport.ws.onmessage = () => {};
  },
  until: waiting(room, conditions),
};

await obey(commands);
