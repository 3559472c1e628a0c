// The leash itself: what the clients under test (`inbox_client.mjs`, `room_client.mjs`) have in common.

import { createInterface } from "node:readline";

const PATIENCE = 15_000; // milliseconds

/** A command that waits until a condition (by name) holds; at each event of the client it is looked at anew. */
export const waiting =
    (client, conditions) =>
    (name, ...args) =>
        new Promise((resolve, reject) => {
            const check = () => {
                if (!conditions[name](...args)) return;
                clearTimeout(timer);
                offs.forEach((off) => off());
                resolve();
            };
            const late = () => reject(new Error(`${name} ${JSON.stringify(args)}: not within ${PATIENCE} ms`));
            const timer = setTimeout(late, PATIENCE);
            const offs = ["change", "state"].map((event) => client.on(event, check));
            check();
        });

/** Runs commands, JSON lines on stdin of [name, ...arguments]; the answer is {value} or {error}, with a last look. */
export async function obey(commands) {
    for await (const line of createInterface({ input: process.stdin })) {
        const [name, ...args] = JSON.parse(line);
        const answer = await Promise.resolve()
            .then(() => commands[name](...args))
            .then((value) => ({ value: value ?? null }))
            .catch((error) => ({ error: `${error.message}: ${JSON.stringify(commands.look())}` }));
        process.stdout.write(`${JSON.stringify(answer)}\n`);
    }
}
