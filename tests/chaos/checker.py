"""Holds a history against the promises P1 to P4 and says in plain words where one was broken."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping

from tests.chaos.history import Acked, History, Log, Received, Refused, Sent, State, Synced, Unanswered

RECOVERABLE = 500  # changes that a client may have missed and still catches up

Logs = Mapping[str, Log]


def check(history: History, logs: Logs) -> list[str]:
    """Every breach of a promise, one sentence each; empty when all were kept."""
    rows = {row.id: row for log in logs.values() for row in log.rows}
    owners = {slug: _owners(slug, log, history) for slug, log in logs.items()}
    findings: list[str] = []
    for slug, log in logs.items():
        findings += _log_findings(slug, log, owners[slug])
    findings += _send_findings(history, logs)
    findings += _told_findings(history, rows)
    findings += _agreement_findings(history)
    for client, participant in history.clients.items():
        observer = _Observer(client, owners[participant.room])
        findings += observer.findings(history, logs[participant.room])
    return findings


def check_graceful(history: History, logs: Logs) -> list[str]:
    """Messages that a worker stored and then left without an answer, which only a crash excuses."""
    stored = {row.client_id: row for log in logs.values() for row in log.rows if row.client_id}
    excused: set[str] = set()  # tried over a connection that the client itself cut: stored then, perhaps
    findings = []
    for record in history.of(Unanswered):
        row = stored.get(record.client_id)
        if record.on_purpose:
            excused.add(record.client_id)
        elif row and row.created_at.timestamp() < record.at and record.client_id not in excused:
            findings.append(f"{record.client}: {record.client_id} was stored at {row.seq} and left without an answer.")
    return findings


def _owners(slug: str, log: Log, history: History) -> dict[int, int]:
    """Which message took each place: by the rows, and for places taken over since by what was told."""
    rows = {row.id for row in log.rows}
    told = [state for _, state in history.told() if state.room == slug and state.id in rows]
    owners: dict[int, int] = {}
    for state in [*log.rows, *told]:
        owners.setdefault(state.seq, state.id)
        owners.setdefault(state.updated_seq, state.id)
    return owners


def _log_findings(slug: str, log: Log, owners: Mapping[int, int]) -> Iterator[str]:
    """P2 in the database: the places 1 to `last_seq`, each taken by one message."""
    if holes := _ranges(place for place in range(1, log.last_seq + 1) if place not in owners):
        yield f"{slug}: the database has a hole at {holes}."
    if beyond := _ranges(place for place in owners if place > log.last_seq):
        yield f"{slug}: the last place is {log.last_seq}, yet {beyond} is taken."
    changed = [row.updated_seq for row in log.rows if row.updated_seq != row.seq]
    for place, count in Counter([*(row.seq for row in log.rows), *changed]).items():
        if count > 1:
            yield f"{slug}: place {place} is taken {count} times."


def _send_findings(history: History, logs: Logs) -> Iterator[str]:
    """P1 and P3 for senders: stored once, as sent, in the order sent, and answered."""
    rows: dict[tuple[int, str], list[State]] = defaultdict(list)
    texts: Counter[tuple[str, int, str]] = Counter()
    for log in logs.values():
        for row in log.rows:
            if row.kind == "text":
                rows[row.sender, row.client_id or ""].append(row)
                texts[row.room, row.sender, row.text] += 1
    for (room, sender, text), count in texts.items():
        if count > 1:
            yield f"{room}: {text!r} of user {sender} is stored {count} times."

    sent: dict[tuple[int, str], Sent] = {}
    for attempt in history.of(Sent):
        sent.setdefault((history.clients[attempt.client].user_id, attempt.client_id), attempt)
    for key, found in rows.items():
        if len(found) > 1:
            yield f"client_id {key[1]!r} of user {key[0]} has {len(found)} rows."
        if key not in sent:
            yield f"{found[0].room}: message {found[0].id} ({found[0].text!r}) is stored, but nobody sent it."
        elif found[0].updated_seq == found[0].seq and found[0].text != sent[key].text:
            yield f"{found[0].room}: {key[1]} was sent as {sent[key].text!r} and stored as {found[0].text!r}."

    answers: dict[tuple[int, str], State] = {}
    for ack in history.of(Acked):
        key = (history.clients[ack.client].user_id, ack.client_id)
        if ack.state.client_id != ack.client_id:
            yield f"{ack.client}: {ack.client_id} was answered with message {ack.state.id} of another client_id."
        if key not in rows:
            yield f"{ack.client}: {ack.client_id} was acked as {ack.state.seq}, but has no row."
        first = answers.setdefault(key, ack.state)
        if (first.id, first.seq) != (ack.state.id, ack.state.seq):
            yield f"{ack.client}: {ack.client_id} was acked as {first.seq} and as {ack.state.seq}."
    for client, client_id in _open_sends(history):
        if (history.clients[client].user_id, client_id) not in answers:
            yield f"{client}: {client_id} was never answered."
    refused = {(history.clients[record.client].user_id, record.client_id) for record in history.of(Refused)}
    yield from _order_findings({key: attempt for key, attempt in sent.items() if key not in refused}, rows)


def _open_sends(history: History) -> dict[tuple[str, str], None]:
    """(client, client_id) of the messages whose last try has no answer."""
    waiting: dict[tuple[str, str], None] = {}
    for record in history.records:
        match record:
            case Sent():
                waiting[record.client, record.client_id] = None
            case Acked() | Refused():
                waiting.pop((record.client, record.client_id), None)
    return waiting


def _order_findings(sent: Mapping[tuple[int, str], Sent], rows: Mapping[tuple[int, str], list[State]]) -> Iterator[str]:
    """Each sender's messages have rising places; a refused one may come later than those after it."""
    latest: dict[str, State] = {}
    for key, attempt in sent.items():
        if key not in rows:
            continue
        row, before = rows[key][0], latest.get(attempt.client)
        if before and row.seq < before.seq:
            yield (
                f"{attempt.client}: sent {before.client_id} before {row.client_id}, "
                f"but they are at {before.seq} and {row.seq}."
            )
        latest[attempt.client] = row


def _told_findings(history: History, rows: Mapping[int, State]) -> Iterator[str]:
    """P1 for readers: whatever was told is in the database, as it was told, and in their own room."""
    for client, state in history.told():
        row = rows.get(state.id)
        if state.room != history.clients[client].room:
            yield f"{client}: was told of message {state.id} in {state.room}, which is not its room."
        elif row is None:
            yield f"{client}: was told of message {state.id} ({state.text!r}) at {state.updated_seq}, which has no row."
        elif _identity(state) != _identity(row):
            yield f"{client}: was told of {_identity(state)}, its row is {_identity(row)}."
        elif state.updated_seq > row.updated_seq:
            yield f"{client}: was told of message {state.id} at {state.updated_seq}, its row is at {row.updated_seq}."
        elif state.updated_seq == row.updated_seq and state.text != row.text:
            yield f"{client}: was told {state.text!r} at {state.updated_seq}, the row says {row.text!r}."


def _agreement_findings(history: History) -> Iterator[str]:
    """P2: a place is the same to everybody."""
    first: dict[tuple[str, int], tuple[str, State]] = {}
    for client, state in history.told():
        other, seen = first.setdefault((state.room, state.updated_seq), (client, state))
        if (seen.id, seen.text) != (state.id, state.text):
            yield (
                f"{state.room}: place {state.updated_seq} was message {seen.id} ({seen.text!r}) to {other}, "
                f"and message {state.id} ({state.text!r}) to {client}."
            )


class _Observer:
    """What one client saw, from its first `sync` on: everything once, in order, to the end (P2, P3, P4)."""

    def __init__(self, client: str, owners: Mapping[int, int]) -> None:
        self.client = client
        self.owners = owners
        self.position: int | None = None
        self.start = 0
        self.seen: set[int] = set()
        self.newest: dict[int, State] = {}

    def findings(self, history: History, log: Log) -> Iterator[str]:
        for record in history.records:
            if record.client != self.client:
                continue
            match record:
                case Synced():
                    yield from self._synced(record)
                case Received():
                    yield from self._received(record)
        if self.position is None:
            yield f"{self.client}: never got in."
            return
        yield from self._holes(max(log.last_seq, self.position))
        for row in log.rows:
            state = self.newest.get(row.id, row)
            if state.updated_seq == row.updated_seq and (state.text, state.reactions) != (row.text, row.reactions):
                yield f"{self.client}: ends with {state}, the database has {row}."

    def _synced(self, sync: Synced) -> Iterator[str]:
        if not sync.recovered:
            if sync.since is not None and 0 <= sync.seq - sync.since <= RECOVERABLE:
                yield f"{self.client}: stood at {sync.since} of {sync.seq} and had to start anew."
            if self.position is not None:
                yield from self._holes(self.position)
            self.start = self.position = sync.seq
            self.seen = set()
            self.newest = {state.id: state for state in sync.states}
            return
        if sync.since != self.position:
            yield f"{self.client}: stood at {self.position}, asked from {sync.since}."
        for state in sync.states:
            yield from self._took(state)
        if self.position is not None and sync.seq != self.position:
            yield f"{self.client}: was synced to {sync.seq} with changes up to {self.position}."
            self.position = max(sync.seq, self.position)

    def _received(self, record: Received) -> Iterator[str]:
        state = record.state
        expected = "message" if state.updated_seq == state.seq else "message_updated"
        if record.event != expected:
            yield f"{self.client}: place {state.updated_seq} of message {state.id} came as {record.event!r}."
        yield from self._took(state)

    def _took(self, state: State) -> Iterator[str]:
        place = state.updated_seq
        if self.position is None:
            yield f"{self.client}: got place {place} before any sync."
            return
        if place in self.seen:
            yield f"{self.client}: got place {place} twice."
        elif place <= self.position:
            yield f"{self.client}: got place {place} after {self.position}."
        self.seen.add(place)
        self.position = max(place, self.position)
        known = self.newest.get(state.id)
        if known is None or known.updated_seq <= place:
            self.newest[state.id] = state

    def _holes(self, end: int) -> Iterator[str]:
        """A place may be left out when its message came in a newer state."""
        missing = []
        for place in range(self.start + 1, end + 1):
            newest = self.newest.get(self.owners.get(place, 0))
            if place not in self.seen and not (newest and newest.updated_seq > place):
                missing.append(place)
        if missing:
            yield f"{self.client}: never got {_ranges(missing)} of {self.start + 1} to {end}."


def _identity(state: State) -> tuple[int, str, int, int, str | None]:
    """What no later change of a message touches."""
    return state.id, state.room, state.seq, state.sender, state.client_id


def _ranges(places: Iterable[int]) -> str:
    """`3, 7-9`: the places in short."""
    spans: list[list[int]] = []
    for place in sorted(places):
        if spans and place == spans[-1][1] + 1:
            spans[-1][1] = place
        else:
            spans.append([place, place])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in spans)
