// An `InboxClient` on a leash: commands as JSON lines on stdin, each answered by a line on stdout.
// `node inbox_client.mjs <options as JSON>`: modules (where socket.io-client is), client (where inbox-client.js is),
// url, token. At the end of stdin nothing is forced to end, as in room_client.mjs.

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

import { obey, waiting } from "./leash.mjs";

const options = JSON.parse(process.argv[2]);
const { io } = createRequire(`${options.modules}/`)("socket.io-client");
const { InboxClient } = await import(pathToFileURL(options.client));

const inbox = new InboxClient({ io, url: options.url, token: options.token });

const look = () => ({ status: inbox.status, error: inbox.error ?? null, isLoaded: inbox.isLoaded, rooms: inbox.rooms });

/** What can be waited for, by name. */
const conditions = {
    status: (status) => inbox.status === status,
    room: (slug) => Boolean(inbox.get(slug)),
    gone: (slug) => !inbox.get(slug),
    /** A room is as these members say. */
    like: (slug, news) => Object.entries(news).every(([name, value]) => inbox.get(slug)?.[name] === value),
    last: (slug, text) => inbox.get(slug)?.last_message?.message === text,
};

const commands = {
    connect: () => inbox.connect(),
    look,
    until: waiting(inbox, conditions),
};

await obey(commands);
