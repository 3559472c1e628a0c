"""What clients did and saw during a test, in the order in which it happened, and what the database has in the end."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Self, TypeVar

import psycopg

ROWS = """
    SELECT m.id, r.slug, m.seq, m.updated_seq, m.kind, m.sender_id, m.client_id, m.message,
           (SELECT count(*) FROM chat_reaction WHERE message_id = m.id), m.created_at
    FROM chat_message m JOIN chat_chatroom r ON r.id = m.room_id
    WHERE r.slug = ANY(%s)
    ORDER BY m.seq
"""


class State(NamedTuple):
    """A message as it was told in an event, a `sync` or an ack, or as its row in the database is."""

    id: int
    room: str
    seq: int
    updated_seq: int
    kind: str
    sender: int
    client_id: str | None
    text: str
    reactions: int
    created_at: datetime

    @classmethod
    def of(cls, payload: dict[str, Any]) -> Self:
        """From the payload of the wire."""
        return cls(
            id=payload["id"],
            room=payload["room"],
            seq=payload["seq"],
            updated_seq=payload["updated_seq"],
            kind=payload["kind"],
            sender=payload["sender"]["id"],
            client_id=payload["client_id"],
            text=payload["message"],
            reactions=sum(reaction["count"] for reaction in payload["reactions"]),
            created_at=datetime.fromisoformat(payload["created_at"]),
        )


@dataclass(frozen=True, slots=True)
class Record:
    """Something that happened to one client; `at` in seconds of the wall clock."""

    client: str
    at: float = field(default_factory=time.time, kw_only=True)


@dataclass(frozen=True, slots=True)
class Sent(Record):
    """One try to post a message."""

    client_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Acked(Record):
    client_id: str
    state: State


@dataclass(frozen=True, slots=True)
class Refused(Record):
    client_id: str
    code: str


@dataclass(frozen=True, slots=True)
class Unanswered(Record):
    """The connection ended before the answer; `on_purpose`: the client itself had cut it."""

    client_id: str
    on_purpose: bool = False


@dataclass(frozen=True, slots=True)
class Changed(Record):
    """The ack of an edit or a reaction."""

    state: State


@dataclass(frozen=True, slots=True)
class Synced(Record):
    """The client is in, as the first time (`since` None) or again."""

    since: int | None
    seq: int
    recovered: bool
    states: tuple[State, ...] = ()


@dataclass(frozen=True, slots=True)
class Received(Record):
    event: str
    state: State


@dataclass(frozen=True, slots=True)
class Gone(Record):
    """The connection ended."""

    code: int
    on_purpose: bool = False


AnyRecord = TypeVar("AnyRecord", bound=Record)


class Participant(NamedTuple):
    room: str
    user_id: int


@dataclass
class History:
    clients: dict[str, Participant] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)

    def add(self, record: Record) -> None:
        self.records.append(record)

    def of(self, kind: type[AnyRecord]) -> Iterator[AnyRecord]:
        return (record for record in self.records if isinstance(record, kind))

    def told(self) -> Iterator[tuple[str, State]]:
        """(client, state) for whatever the server said about a message."""
        for record in self.records:
            match record:
                case Synced():
                    yield from ((record.client, state) for state in record.states)
                case Acked() | Changed() | Received():
                    yield record.client, record.state


class Log(NamedTuple):
    """A room as the database has it."""

    last_seq: int
    rows: Sequence[State]


def read_logs(url: str, slugs: Sequence[str]) -> dict[str, Log]:
    """The logs of the rooms, by slug."""
    with psycopg.connect(url) as connection:
        last_seqs = connection.execute(
            "SELECT slug, last_seq FROM chat_chatroom WHERE slug = ANY(%s)", [list(slugs)]
        ).fetchall()
        states = [State(*row) for row in connection.execute(ROWS, [list(slugs)])]
    return {slug: Log(last_seq, [state for state in states if state.room == slug]) for slug, last_seq in last_seqs}


@dataclass(frozen=True)
class Summary:
    """Numbers of a history; the delay is the worst from storing a message to a connected client that got it."""

    messages: int
    acks: int
    refusals: int
    reconnects: int
    worst_delay: float

    @classmethod
    def of(cls, history: History) -> Self:
        return cls(
            messages=len({record.client_id for record in history.of(Sent)}),
            acks=len({record.client_id for record in history.of(Acked)}),
            refusals=len(list(history.of(Refused))),
            reconnects=sum(record.since is not None for record in history.of(Synced)),
            worst_delay=max(
                (
                    record.at - record.state.created_at.timestamp()
                    for record in history.of(Received)
                    if record.event == "message"
                ),
                default=0.0,
            ),
        )

    def __str__(self) -> str:
        return (
            f"{self.messages} messages, {self.acks} acked, {self.refusals} refusals, "
            f"{self.reconnects} reconnects, worst delivery {self.worst_delay:.2f} s"
        )
