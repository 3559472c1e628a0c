// A chat server as the Socket.IO documentation has it: Redis adapter, a pool of database connections.
import { createServer } from "node:http";

import { createAdapter } from "@socket.io/redis-adapter";
import pg from "pg";
import { createClient } from "redis";
import { Server } from "socket.io";

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 });
const publisher = createClient({ url: process.env.REDIS_URL });
const subscriber = publisher.duplicate();
await Promise.all([publisher.connect(), subscriber.connect()]);

const server = createServer();
const io = new Server(server, { adapter: createAdapter(publisher, subscriber) });

io.on("connection", (socket) => {
  const { rooms } = socket.handshake.auth;
  socket.join(rooms);

  socket.on("message", async ({ message }, ack) => {
    const [room] = rooms;
    const { rows } = await pool.query(
      "INSERT INTO message (room, sender, message, created_at) VALUES ($1, $2, $3, now()) RETURNING id, created_at",
      [room, socket.id, message],
    );
    io.to(room).emit("message", { ...rows[0], room, sender: socket.id, message });
    ack({ ok: true, id: rows[0].id });
  });
});

server.listen(Number(process.env.PORT), "127.0.0.1");
