"""The Socket.IO server: python-socketio's codec and Engine.IO's transports around our own dispatch.

The library's dispatch lets clients forge `connect`, leaves failed handlers unanswered, runs the events of one client
out of order and walks all namespaces at each disconnect; so connect, event and disconnect are handled here.
"""

import asyncio
import logging
from typing import Any

import engineio
import socketio
from django.conf import settings
from engineio import packet as eio_packet
from engineio.payload import Payload
from socketio import packet

from backend.chat.errors import ChatError, Code, as_chat_error, internal, invalid

from .commands import refusal, reply
from .hub import Hub
from .namespaces import SocketIOConnection, admit
from .packets import Json, ReceivedPacket

logger = logging.getLogger(__name__)

CONNECT_TIMEOUT = 10.0  # seconds; below Engine.IO's ping timeout
PACKET_BYTES = 64 * 1024
TRANSPORT_BYTES = 4 * PACKET_BYTES  # a packet up to here gets an answer, a larger one ends the connection
ROOMS_PER_CONNECTION = 100

Payload.max_decode_packets = PACKET_BYTES  # bounded by bytes: the default of 16 loses the rest of a POST silently


class ChatServer(socketio.AsyncServer):
    def __init__(self, hub: Hub, manager: socketio.AsyncManager) -> None:
        super().__init__(
            async_mode="asgi",
            client_manager=manager,
            json=Json,
            serializer=ReceivedPacket,
            transports=["websocket"] if settings.WORKERS > 1 else None,
            cors_allowed_origins=[],  # asgi.py answers for CORS, for all of HTTP
            max_http_buffer_size=TRANSPORT_BYTES,
            ping_interval=25,
            ping_timeout=20,
            http_compression=False,
            logger=logging.getLogger("socketio.server"),
            engineio_logger=logging.getLogger("engineio.server"),
        )
        for library in ("socketio.server", "engineio.server"):
            logging.getLogger(library).setLevel(logging.CRITICAL)  # it logs payloads, and clients' mistakes as errors
        self.hub = hub
        # The open and opening rooms of each Engine.IO connection: a disconnect costs its own rooms only.
        self._rooms: dict[str, dict[str, SocketIOConnection | None]] = {}

    def start(self) -> None:
        """Begin to hear outside emitters before the first client comes."""
        self.manager_initialized = True
        self.manager.initialize()

    # --- what python-socketio calls -------------------------------------------------

    async def _handle_eio_connect(self, eio_sid: str, environ: dict[str, Any]) -> None:
        await super()._handle_eio_connect(eio_sid, environ)
        self._rooms[eio_sid] = {}

    async def _handle_eio_message(self, eio_sid: str, data: str | bytes) -> None:
        if isinstance(data, bytes):
            return  # an attachment of a binary packet, which was refused
        try:
            if not isinstance(data, str) or not data:
                raise ValueError("Engine.IO has read it as JSON, or it is empty")
            pkt = self.packet_class(encoded_packet=data)
        except Exception:
            logger.info("Malformed Socket.IO packet; closing %s.", eio_sid)
            await self._hang_up(eio_sid)
            return
        namespace = pkt.namespace or "/"
        match pkt.packet_type:
            case packet.CONNECT:
                await self._handle_connect(eio_sid, namespace, pkt.data)
            case packet.DISCONNECT:
                await self._handle_disconnect(eio_sid, namespace)
            case packet.EVENT:
                await self._handle_event(eio_sid, namespace, pkt.id, pkt.data, len(data))
            case packet.BINARY_EVENT:
                error = invalid(payload="Binary payloads are not accepted: send JSON, upload files over REST.")
                self._refuse_event(eio_sid, namespace, pkt.id, error)
            case packet.ACK | packet.BINARY_ACK:
                pass  # the server asks for no acks
            case _:
                await self._hang_up(eio_sid)

    async def _handle_connect(self, eio_sid: str, namespace: str, auth: Any) -> None:
        """Admit to a room, or answer CONNECT_ERROR; never raises, never stays silent."""
        rooms = self._rooms.get(eio_sid)
        if rooms is None:
            return
        try:
            if namespace in rooms:
                raise ChatError(Code.CONFLICT, "This connection is in that room already.")
            if len(rooms) >= ROOMS_PER_CONNECTION:
                raise ChatError(Code.FORBIDDEN, f"One connection holds {ROOMS_PER_CONNECTION} rooms at most.")
        except ChatError as error:
            self._refuse_connect(eio_sid, namespace, error)
            return
        rooms[namespace] = None
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                await admit(self, eio_sid, namespace, auth)
        except Exception as error:
            rooms.pop(namespace, None)
            known = as_chat_error(error)
            if isinstance(error, TimeoutError):
                known = ChatError(Code.UNAVAILABLE, "This took too long: try again.", retry_after=2)
            if known is None:
                logger.exception("A connect to %s failed.", namespace)
            self._refuse_connect(eio_sid, namespace, known or internal())

    async def _handle_disconnect(self, eio_sid: str, namespace: str, reason: str | None = None) -> None:
        connection = self._rooms.get(eio_sid, {}).pop(namespace or "/", None)
        if connection is not None:
            self._forget(connection)

    async def _handle_eio_disconnect(self, eio_sid: str, reason: str) -> None:
        for connection in self._rooms.pop(eio_sid, {}).values():
            if connection is not None:
                self._forget(connection)
        self.environ.pop(eio_sid, None)

    async def _handle_event(self, eio_sid: str, namespace: str, id: int | None, data: Any, size: int = 0) -> None:
        connection = self._rooms.get(eio_sid, {}).get(namespace)
        if connection is None:
            self._refuse_event(eio_sid, namespace, id, ChatError(Code.UNAUTHORIZED, "Connect to this room first."))
        elif size > PACKET_BYTES:
            error = ChatError(Code.TOO_LARGE, f"A packet holds {PACKET_BYTES // 1024} KiB at most.")
            self._refuse_event(eio_sid, namespace, id, error)
        elif not isinstance(data, list) or not data:
            self._refuse_event(
                eio_sid, namespace, id, invalid(type="An event is a JSON list: its name, then its payload.")
            )
        else:
            name, payload = data[0], data[1] if len(data) == 2 else (data[1:] or {})
            await connection.commands.put(lambda: self._run(connection, name, payload, id))

    # --- answers -----------------------------------------------------------------------

    async def _run(self, connection: SocketIOConnection, name: Any, payload: Any, id: int | None) -> None:
        answer = await reply(connection, name, payload)
        self._answer(connection.eio_sid, connection.namespace, id, answer, name)

    def _answer(self, eio_sid: str, namespace: str, id: int | None, answer: dict[str, Any], name: Any) -> None:
        """The ack; without one asked for, a refusal still comes, as an `error` event."""
        if id is not None:
            self.send_now(eio_sid, self.packet_class(packet.ACK, namespace=namespace, id=id, data=[answer]))
        elif not answer["ok"]:
            data = ["error", {**answer["error"], "event": name if isinstance(name, str) else None}]
            self.send_now(eio_sid, self.packet_class(packet.EVENT, namespace=namespace, data=data))

    def _refuse_event(self, eio_sid: str, namespace: str, id: int | None, error: ChatError) -> None:
        self._answer(eio_sid, namespace, id, refusal(error), None)

    def _refuse_connect(self, eio_sid: str, namespace: str, error: ChatError) -> None:
        data = {"message": error.code.value, "data": error.payload()}
        self.send_now(eio_sid, self.packet_class(packet.CONNECT_ERROR, namespace=namespace, data=data))

    def send_now(self, eio_sid: str, pkt: Any) -> None:
        """Put a packet on the connection's queue; a connection that is gone takes none."""
        socket = self.eio.sockets.get(eio_sid)
        if socket is not None and not socket.closed:
            socket.queue.put_nowait(eio_packet.Packet(eio_packet.MESSAGE, pkt.encode()))

    # --- beginnings and ends -----------------------------------------------------------

    def join(self, connection: SocketIOConnection) -> None:
        """A checked connection is in: the client is told with a CONNECT packet."""
        rooms = self._rooms.get(connection.eio_sid)
        if rooms is None:
            raise ChatError(Code.UNAVAILABLE, "The client is gone.")
        rooms[connection.namespace] = connection
        connection.sid = self.manager.admit(connection.eio_sid, connection.namespace)
        pkt = self.packet_class(packet.CONNECT, namespace=connection.namespace, data={"sid": connection.sid})
        self.send_now(connection.eio_sid, pkt)

    def _forget(self, connection: SocketIOConnection) -> None:
        self.hub.leave(connection)
        if connection.sid:
            self.manager.dismiss(connection.sid, connection.namespace)

    def leave(self, connection: SocketIOConnection) -> None:
        """The server ends one room of a connection: the client is told with a DISCONNECT packet."""
        pkt = self.packet_class(packet.DISCONNECT, namespace=connection.namespace)
        self.send_now(connection.eio_sid, pkt)
        rooms = self._rooms.get(connection.eio_sid, {})
        if rooms.get(connection.namespace) is connection:
            del rooms[connection.namespace]
            self._forget(connection)

    async def _hang_up(self, eio_sid: str) -> None:
        socket: engineio.AsyncSocket | None = self.eio.sockets.get(eio_sid)
        if socket is not None:
            await socket.close(wait=False, reason=self.reason.TRANSPORT_ERROR)
            socket.queue.put_nowait(None)  # ends the writer, which closes the WebSocket: some clients would not

    async def flush(self) -> None:
        """Wait until every client's queue was written; a client that does not read is not waited for by the caller."""
        sockets = list(self.eio.sockets.values())
        await asyncio.gather(*(socket.queue.join() for socket in sockets if not socket.closed))
