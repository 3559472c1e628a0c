// What a `Timeline` holds, run by Node's own test runner: `TIMELINE=<path of timeline.js> node --test timeline.test.mjs`.

import assert from "node:assert/strict";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

const { Timeline } = await import(pathToFileURL(process.env.TIMELINE));

/** A message at a place; its id is 100 more. */
const at = (seq, more = {}) => ({
  id: 100 + seq,
  seq,
  updated_seq: seq,
  sender: { id: 1, name: "Ann", avatar: null },
  message: `m${seq}`,
  deleted_at: null,
  quote: null,
  ...more,
});
const range = (from, to) => Array.from({ length: to - from + 1 }, (_, index) => at(from + index));
const places = (timeline) => timeline.messages.map(({ seq }) => seq);
const texts = (timeline) => timeline.messages.map(({ message }) => message);

/** A page that is on its way until `arrive`. */
function page() {
  let arrive, fail;
  const coming = new Promise((resolve, reject) => ([arrive, fail] = [resolve, reject]));
  return { ask: () => coming, arrive, fail };
}

test("changes come in any order and leave the newest state", () => {
  const timeline = new Timeline();
  timeline.reset(range(1, 3));
  timeline.take(at(5));
  timeline.take(at(4));
  timeline.take(at(2, { updated_seq: 7, message: "newer" }));
  timeline.take(at(2, { updated_seq: 6, message: "older" }));
  assert.deepEqual(texts(timeline), ["m1", "newer", "m3", "m4", "m5"]);
});

test("a page back borders on what is held, and loses no change that came meanwhile", async () => {
  const timeline = new Timeline();
  timeline.reset(range(11, 20));
  const older = page();
  let asked;
  const loading = timeline.extendBack((where) => ((asked = where), older.ask()));
  timeline.take(at(5, { updated_seq: 21, message: "edited" }));
  timeline.take(at(22));
  older.arrive({ items: range(1, 10), has_more: false });
  await loading;
  assert.deepEqual(asked, { before: 11 });
  assert.equal(timeline.messages[4].message, "edited");
  assert.deepEqual(places(timeline), [...range(1, 20), at(22)].map(({ seq }) => seq));
});

test("a page that a reset has overtaken is dropped", async () => {
  const timeline = new Timeline();
  timeline.reset(range(11, 20));
  const older = page();
  const loading = timeline.extendBack(older.ask);
  timeline.reset(range(101, 110));
  older.arrive({ items: range(1, 10), has_more: false });
  assert.equal(await loading, null);
  assert.deepEqual(places(timeline), range(101, 110).map(({ seq }) => seq));
});

test("after a jump back nothing new is held until the pages between have come", async () => {
  const timeline = new Timeline();
  timeline.reset(range(91, 100));
  await timeline.replace(async () => ({ items: range(40, 50), has_more: true, has_newer: true }));
  assert.equal(timeline.isLive, false);
  timeline.take(at(101));
  timeline.take(at(45, { updated_seq: 102, message: "edited" }));
  assert.deepEqual(places(timeline), range(40, 50).map(({ seq }) => seq));
  assert.equal(timeline.messages[5].message, "edited");
  assert.deepEqual([timeline.has(39), timeline.has(40), timeline.has(50), timeline.has(51)], [false, true, true, false]);

  await timeline.extendForward(async () => ({ items: range(51, 60), has_more: true }));
  assert.equal(timeline.isLive, false);
  const last = page();
  const loading = timeline.extendForward(last.ask);
  timeline.take(at(103)); // stored after the page was read
  last.arrive({ items: range(61, 101), has_more: false });
  await loading;
  assert.equal(timeline.isLive, true);
  assert.deepEqual(places(timeline), [...range(40, 101), at(103)].map(({ seq }) => seq));
});

test("a jump whose page fails changes nothing", async () => {
  const timeline = new Timeline();
  timeline.reset(range(91, 100));
  const around = page();
  const loading = timeline.replace(around.ask);
  around.fail(new Error("no connection"));
  await assert.rejects(loading, /no connection/);
  timeline.take(at(101));
  assert.deepEqual(places(timeline), range(91, 101).map(({ seq }) => seq));
});

test("quotes follow the message that they show, also one that is not held", () => {
  const timeline = new Timeline();
  const quote = { id: 101, seq: 1, sender: at(1).sender, message: "m1", deleted_at: null };
  timeline.reset([at(11, { quote }), at(12)]);
  const [reply, other] = timeline.messages;
  timeline.take(at(1, { updated_seq: 13, message: "x".repeat(300) }));
  assert.equal(timeline.messages[0].quote.message, "x".repeat(200));
  timeline.take(at(1, { updated_seq: 14, message: "", deleted_at: "2026-01-01T00:00:00Z" }));
  assert.deepEqual(timeline.messages[0].quote, { ...quote, message: "", deleted_at: "2026-01-01T00:00:00Z" });
  assert.equal(reply.quote.message, "m1", "what was handed out before is not changed");
  assert.equal(timeline.messages[1], other, "and nothing else is made anew");
});
