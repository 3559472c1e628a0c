"""Events on their way to the members of a room, encoded once for each kind of connection."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple

import orjson
from pydantic import BaseModel
from socketio import packet

from backend.chat import queries
from backend.chat.events import MessageOut

from .websocket import frame


def encode(payload: BaseModel | dict[str, Any]) -> bytes:
    """JSON as it goes over the wire."""
    if isinstance(payload, MessageOut):
        return payload.as_json
    return payload.model_dump_json().encode() if isinstance(payload, BaseModel) else orjson.dumps(payload)


class Json:
    """What python-socketio wants of a JSON module, on orjson."""

    @staticmethod
    def dumps(value: Any, **_: Any) -> str:
        return orjson.dumps(value, default=_plain).decode()

    loads = staticmethod(orjson.loads)


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    raise TypeError(f"{type(value).__name__} has no JSON form")


class ReceivedPacket(packet.Packet):
    """A Socket.IO packet; where its data is not JSON, type, namespace and id still say whom to tell."""

    def decode(self, encoded_packet: str) -> int:
        try:
            attachments: int = super().decode(encoded_packet)
        except orjson.JSONDecodeError:
            return 0
        return attachments


class Packet(NamedTuple):
    """One event with its payload as JSON."""

    event: str
    data: bytes


class Delivery(NamedTuple):
    """One durable change, encoded: it took position `seq`, the message that changed stands at `place`."""

    seq: int
    place: int
    message_id: int
    event: str
    data: bytes


def delivery(payload: MessageOut) -> Delivery:
    """The last change of a message."""
    return Delivery(payload.updated_seq, payload.seq, payload.id, queries.event_of(payload), encode(payload))


CUT_OFF = 1024 * 1024  # bytes that a client has not taken: from here on it is cut off, and recovers with its position
DROP_PASSING = 256 * 1024  # from here on it gets no passing events


class Packets:
    """Packets of one room, or (without a slug) of an inbox, that leave together.

    `limit`: a client that has not taken so many bytes does not get them.
    """

    def __init__(self, slug: str, packets: Sequence[Packet], *, droppable: bool = False) -> None:
        self._namespace = f"/{slug},".encode() if slug else b""
        self._packets = packets
        self.limit = DROP_PASSING if droppable else CUT_OFF

    @cached_property
    def socketio(self) -> list[bytes]:
        """Socket.IO EVENT packets, without Engine.IO's leading `4`."""
        return [b'2%b["%b",%b]' % (self._namespace, event.encode(), data) for event, data in self._packets]

    @cached_property
    def socketio_frames(self) -> bytes:
        return b"".join(frame(b"4" + text) for text in self.socketio)

    @cached_property
    def websocket(self) -> list[bytes]:
        """The plain WebSocket's form: the payload with a `type`."""
        return [b'{"type":"%b",%b' % (event.encode(), data[1:]) for event, data in self._packets]

    @cached_property
    def websocket_frames(self) -> bytes:
        return b"".join(frame(text) for text in self.websocket)
