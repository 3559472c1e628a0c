"""The Socket.IO server: python-socketio's codec and Engine.IO's transports around our own dispatch.

The library's dispatch lets clients forge `connect`, leaves failed handlers unanswered, runs the events of one client
out of order and walks all namespaces at each disconnect; so connect, event and disconnect are handled here.
"""

import asyncio
import logging
import re
from functools import partial
from typing import Any

import orjson
import socketio
from django.conf import settings
from engineio import packet as eio_packet
from engineio.payload import Payload
from socketio import packet
from starlette.types import Scope

from backend import metrics
from backend.chat.errors import ChatError, Code, invalid

from .commands import Ack, refusal, reply
from .engine import PING_EVERY, PONG_WITHIN, RawLink, WebSocketEngine
from .environ import translate_request
from .hub import Hub
from .link import EngineLink, Link
from .namespaces import SocketIOConnection, admit
from .packets import Json, ReceivedPacket
from .refusals import in_time, told
from .websocket import EXTENSION, RawSocket

logger = logging.getLogger(__name__)

PACKET_BYTES = 64 * 1024
TRANSPORT_BYTES = 4 * PACKET_BYTES  # a packet up to here gets an answer, a larger one ends the connection
ROOMS_PER_CONNECTION = 100

# An EVENT packet as it comes over a WebSocket: `42/<slug>,<ack id>[...`
EVENT = re.compile(rb"42(?P<namespace>/[a-z0-9_-]+),(?P<id>\d{0,15})\[")

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
            ping_interval=PING_EVERY,
            ping_timeout=PONG_WITHIN,
            http_compression=False,
            logger=logging.getLogger("socketio.server"),
            engineio_logger=logging.getLogger("engineio.server"),
        )
        for library in ("socketio.server", "engineio.server"):
            logging.getLogger(library).setLevel(logging.CRITICAL)  # it logs payloads, and clients' mistakes as errors
        self.eio._async = {**self.eio._async, "translate_request": translate_request}
        self.hub = hub
        self.websockets = WebSocketEngine(self, max_payload=TRANSPORT_BYTES)
        # A disconnect costs the connection's own rooms only, however many others there are.
        self._links: dict[str, Link] = {}

    def start(self) -> None:
        """Begin to hear outside emitters before the first client comes."""
        self.manager_initialized = True
        self.manager.initialize()

    # --- what Engine.IO calls -----------------------------------------------------------------

    async def _handle_eio_connect(self, eio_sid: str, environ: dict[str, Any]) -> None:
        scope = environ["asgi.scope"]
        address = (scope.get("client") or ("",))[0]
        self.opened(EngineLink(self.eio.sockets[eio_sid], address))
        if scope["type"] == "websocket":
            self.found_raw(eio_sid, scope)
        self.environ[eio_sid] = environ

    def found_raw(self, eio_sid: str, scope: Scope) -> None:
        """The WebSocket that a long-polling client upgrades to: its raw side can be used."""
        raw: RawSocket | None = scope.get("extensions", {}).get(EXTENSION)
        link = self._links.get(eio_sid)
        # One that has its WebSocket keeps it: whoever guessed its id gets nothing.
        if raw is not None and isinstance(link, EngineLink) and not link.on_websocket:
            link.raw = raw
            raw.on_text = partial(self._take_upgraded, link)

    def _take_upgraded(self, link: EngineLink, text: bytes) -> bool:
        return link.on_websocket and self.take_event(link, text)

    async def _handle_eio_message(self, eio_sid: str, data: str | bytes) -> None:
        link = self._links.get(eio_sid)
        if not isinstance(link, EngineLink) or isinstance(data, bytes):
            return  # bytes: an attachment of a binary packet, which was refused
        async with link.lock:
            # Engine.IO reads some texts as JSON.
            await self.take_packet(link, data if isinstance(data, str) else "")

    async def _handle_eio_disconnect(self, eio_sid: str, reason: str) -> None:
        self.environ.pop(eio_sid, None)
        if reason == self.reason.CLIENT_DISCONNECT and (socket := self.eio.sockets.get(eio_sid)):
            socket.queue.put_nowait(None)  # answers a poll that is still open: it would hang until its timeout
        if link := self._links.get(eio_sid):
            self.closed(link)

    # --- what the library itself says: `emit` and `disconnect` of outside emitters ----------------

    async def _send_packet(self, eio_sid: str, pkt: packet.Packet) -> None:
        encoded = pkt.encode()
        for part in encoded if isinstance(encoded, list) else [encoded]:
            await self._send_eio_packet(eio_sid, eio_packet.Packet(eio_packet.MESSAGE, part))

    async def _send_eio_packet(self, eio_sid: str, eio_pkt: eio_packet.Packet) -> None:
        link = self._links.get(eio_sid)
        if isinstance(link, RawLink):
            link.emit(eio_pkt)
        elif link is not None:
            await super()._send_eio_packet(eio_sid, eio_pkt)

    # --- what a transport calls -----------------------------------------------------------------

    def opened(self, link: Link) -> None:
        self._links[link.sid] = link

    def closed(self, link: Link) -> None:
        self._links.pop(link.sid, None)
        rooms, link.rooms = link.rooms, {}
        for connection in rooms.values():
            if connection is not None:
                self._forget(connection)

    def take_event(self, link: Link, text: bytes) -> bool:
        """An event straight from the socket; False: all else, let it come the ordinary way."""
        if len(text) > PACKET_BYTES or not (match := EVENT.match(text)):
            return False
        connection = link.rooms.get(match["namespace"].decode())
        if connection is None:
            return False
        try:
            data = orjson.loads(text[match.end() - 1 :])
        except orjson.JSONDecodeError:
            return False
        if not data:
            return False
        self._submit(connection, data, int(match["id"]) if match["id"] else None, len(text))
        return True

    async def take_packet(self, link: Link, text: str) -> None:
        """One packet after the other; one that is none ends the connection."""
        if link.sid not in self._links:
            return  # it waited behind another one, and the client is gone
        try:
            if not text:
                raise ValueError("There is no packet.")
            pkt = self.packet_class(encoded_packet=text)
        except Exception:
            logger.info("Malformed Socket.IO packet; closing %s.", link.sid)
            await link.hang_up(self.reason.TRANSPORT_ERROR)
            return
        await self._packet(link, pkt, len(text))

    async def _packet(self, link: Link, pkt: packet.Packet, size: int) -> None:
        namespace = pkt.namespace or "/"
        match pkt.packet_type:
            case packet.CONNECT:
                await self._connect(link, namespace, pkt.data)
            case packet.DISCONNECT:
                if connection := link.rooms.pop(namespace, None):
                    self._forget(connection)
            case packet.EVENT:
                await self._event(link, namespace, pkt.id, pkt.data, size)
            case packet.BINARY_EVENT:
                error = invalid(payload="Binary payloads are not accepted: send JSON, upload files over REST.")
                self._refuse_event(link, namespace, pkt.id, error)
            case packet.ACK | packet.BINARY_ACK:
                pass  # the server asks for no acks
            case _:
                await link.hang_up(self.reason.TRANSPORT_ERROR)

    # --- what clients say -----------------------------------------------------------------

    async def _connect(self, link: Link, namespace: str, auth: Any) -> None:
        """Admit to a room, or answer CONNECT_ERROR; never raises, never stays silent."""
        try:
            if namespace in link.rooms:
                raise ChatError(Code.CONFLICT, "This connection is in that room already.")
            if len(link.rooms) >= ROOMS_PER_CONNECTION:
                raise ChatError(Code.FORBIDDEN, f"One connection holds {ROOMS_PER_CONNECTION} rooms at most.")
        except ChatError as error:
            self._refuse_connect(link, namespace, error)
            return
        link.rooms[namespace] = None
        try:
            async with in_time():
                await admit(self, link, namespace, auth)
        except Exception as error:
            link.rooms.pop(namespace, None)
            self._refuse_connect(link, namespace, told(error))

    async def _event(self, link: Link, namespace: str, id: int | None, data: Any, size: int) -> None:
        connection = link.rooms.get(namespace)
        if connection is None:
            self._refuse_event(link, namespace, id, ChatError(Code.UNAUTHORIZED, "Connect to this room first."))
        elif size > PACKET_BYTES:
            error = ChatError(Code.TOO_LARGE, f"A packet holds {PACKET_BYTES // 1024} KiB at most.")
            self._refuse_event(link, namespace, id, error)
        elif not isinstance(data, list) or not data:
            error = invalid(type="An event is a JSON list: its name, then its payload.")
            self._refuse_event(link, namespace, id, error)
        else:
            self._submit(connection, data, id, size)
            await connection.commands.room()

    def _submit(self, connection: SocketIOConnection, data: list[Any], id: int | None, size: int) -> None:
        name, payload = data[0], data[1] if len(data) == 2 else (data[1:] or {})

        async def run() -> None:
            ack = await reply(connection, name, payload)
            if text := answer(connection.namespace, id, name, ack):
                connection.say(text)

        connection.submit(run, size)

    def _refuse_event(self, link: Link, namespace: str, id: int | None, error: ChatError) -> None:
        if text := answer(namespace, id, None, refusal(error)):
            link.say(text)

    def _refuse_connect(self, link: Link, namespace: str, error: ChatError) -> None:
        metrics.refusals.labels(error.code).inc()
        data = {"message": error.code.value, "data": error.payload()}
        link.send(self.packet_class(packet.CONNECT_ERROR, namespace=namespace, data=data))

    # --- beginnings and ends -----------------------------------------------------------------

    def join(self, connection: SocketIOConnection) -> None:
        """A checked connection is in: the client is told with a CONNECT packet."""
        link, namespace = connection.link, connection.namespace
        if namespace not in link.rooms:
            raise ChatError(Code.UNAVAILABLE, "The client is gone.")
        link.rooms[namespace] = connection
        link.joined = True
        connection.sid = self.manager.admit(link.sid, namespace)
        link.send(self.packet_class(packet.CONNECT, namespace=namespace, data={"sid": connection.sid}))

    def leave(self, connection: SocketIOConnection) -> None:
        """The server ends one room of a connection: the client is told with a DISCONNECT packet."""
        link, namespace = connection.link, connection.namespace
        link.send(self.packet_class(packet.DISCONNECT, namespace=namespace))
        if link.rooms.get(namespace) is connection:
            del link.rooms[namespace]
            self._forget(connection)

    def _forget(self, connection: SocketIOConnection) -> None:
        connection.ended = connection.ended or "gone"
        self.hub.leave(connection)
        if connection.sid:
            self.manager.dismiss(connection.sid, connection.namespace)

    async def finish(self) -> None:
        """Shutdown: what every client was told is written, long-polling clients are let go."""
        await asyncio.gather(*(link.finish() for link in list(self._links.values())))


def answer(namespace: str, id: int | None, name: Any, ack: Ack) -> bytes | None:
    """The ACK packet; without one asked for, a refusal still comes, as an `error` event."""
    if id is not None:
        return b"3%b,%d[%b]" % (namespace.encode(), id, ack.json)
    if ack.ok:
        return None
    event = orjson.dumps(name if isinstance(name, str) else None)
    return b'2%b,["error",{"event":%b,%b]' % (namespace.encode(), event, ack.body[1:])
