/** All that belongs to the room on screen: its connection, its people, its pictures, who has read it. */

import { RoomClient } from "./chat-client.js";
import { MediaCache } from "./media-cache.js";
import { People } from "./people.js";
import { ReadMarks } from "./read-marks.js";

export class Conversation {
  /** @param {import("./app.js").AppType} app @param {any} room as the API gives it; kept up to date by its view */
  constructor(app, room) {
    const { token, user } = /** @type {{token: string, user: import("./session.js").Me}} */ (app.session);
    this.api = app.api;
    this.room = room;
    this.me = user.id;
    this.client = new RoomClient({ io: app.io, slug: room.slug, token, user });
    this.media = new MediaCache(app.api);
    this.people = new People(this.client, app.api, room.slug);
    this.reads = new ReadMarks(this.client, app.api, room.slug, user.id);
  }

  /** Whether I may delete what others said. */
  get isModerator() {
    return this.room.role === "owner" || this.room.role === "admin";
  }

  get mayPin() {
    return this.isModerator || this.room.kind === "direct";
  }

  close() {
    this.client.close();
    this.media.keep(() => false);
  }
}
