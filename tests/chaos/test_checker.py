"""The checker on small histories: a clean one passes, and each planted fault is found."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.chaos.checker import check, check_graceful
from tests.chaos.history import (
    Acked,
    Changed,
    History,
    Log,
    Participant,
    Received,
    Record,
    Refused,
    Sent,
    State,
    Synced,
    Unanswered,
)

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ANA, BEN = 1, 2


def state(seq: int, **details: Any) -> State:
    """The message at `seq`: Ana's odd ones, Ben's even ones."""
    plain = State(
        id=100 + seq,
        room="tea",
        seq=seq,
        updated_seq=seq,
        kind="text",
        sender=ANA if seq % 2 else BEN,
        client_id=f"c{seq}",
        text=f"text {seq}",
        reactions=0,
        created_at=NOON,
    )
    return plain._replace(**details)


EDITED = state(1, updated_seq=5, text="better")


@dataclass
class World:
    """Ana and Ben write 1 to 4 and Ana edits 1, at place 5; Ben was away from 2 to 4."""

    last_seq: int = 5
    rows: list[State] = field(default_factory=lambda: [EDITED, state(2), state(3), state(4)])
    ana: list[Record] = field(
        default_factory=lambda: [
            Synced("ana", since=None, seq=0, recovered=False),
            Sent("ana", "c1", "text 1"),
            Acked("ana", "c1", state(1)),
            Received("ana", "message", state(1)),
            Received("ana", "message", state(2)),
            Sent("ana", "c3", "text 3"),
            Unanswered("ana", "c3"),
            Synced("ana", since=2, seq=3, recovered=True, states=(state(3),)),
            Sent("ana", "c3", "text 3"),
            Acked("ana", "c3", state(3)),
            Received("ana", "message", state(4)),
            Changed("ana", EDITED),
            Received("ana", "message_updated", EDITED),
        ]
    )
    ben: list[Record] = field(
        default_factory=lambda: [
            Synced("ben", since=None, seq=0, recovered=False),
            Sent("ben", "c2", "text 2"),
            Acked("ben", "c2", state(2)),
            Sent("ben", "c4", "text 4"),
            Acked("ben", "c4", state(4)),
            Received("ben", "message", state(1)),
            Synced("ben", since=1, seq=5, recovered=True, states=(state(2), state(3), state(4), EDITED)),
        ]
    )

    @property
    def history(self) -> History:
        clients = {"ana": Participant("tea", ANA), "ben": Participant("tea", BEN)}
        return History(clients, [*self.ana, *self.ben])

    @property
    def findings(self) -> list[str]:
        return check(self.history, {"tea": Log(self.last_seq, self.rows)})


def test_a_clean_history_has_no_findings() -> None:
    assert World().findings == []


def test_a_place_taken_over_by_a_newer_state_is_no_hole() -> None:
    world = World()
    world.ben[5:] = [
        Synced("ben", since=0, seq=5, recovered=True, states=(state(2), state(3), state(4), EDITED)),
    ]
    assert world.findings == []


def test_starting_anew_after_too_many_changes_is_no_hole() -> None:
    world = World(last_seq=1_005)
    many = [state(seq, sender=ANA, kind="joined", client_id=None) for seq in range(6, 1_006)]
    world.rows += many
    world.ana += [Received("ana", "message", line) for line in many]
    world.ben += [Synced("ben", since=5, seq=1_005, recovered=False, states=tuple(many[-50:]))]
    assert world.findings == []


def test_a_refused_message_may_come_later_than_those_after_it() -> None:
    world = World()
    world.ana[1:3] = [Sent("ana", "c3", "text 3"), Refused("ana", "c3", "unavailable"), *world.ana[1:3]]
    assert world.findings == []


def acked_without_a_row(world: World) -> None:
    world.ana += [Sent("ana", "c7", "text 7"), Acked("ana", "c7", state(7))]


def told_without_a_row(world: World) -> None:
    world.ana.append(Received("ana", "message", state(6)))


def told_ahead_of_the_row(world: World) -> None:
    world.rows[1] = state(2, text="else")


def told_with_another_text_than_the_row(world: World) -> None:
    world.rows[0] = EDITED._replace(text="worse")


def told_of_another_room(world: World) -> None:
    world.ben.append(Received("ben", "message", state(6, room="cake")))


def two_rows_of_one_client_id(world: World) -> None:
    world.last_seq = 6
    world.rows.append(state(6, sender=ANA, client_id="c3", text="again"))


def one_text_stored_twice(world: World) -> None:
    world.last_seq = 6
    world.rows.append(state(6, sender=ANA, client_id=None, text="text 3"))


def two_answers_to_one_client_id(world: World) -> None:
    world.ana.append(Acked("ana", "c3", state(4, client_id="c3")))


def an_answer_with_anothers_message(world: World) -> None:
    world.ana[2] = Acked("ana", "c1", state(2))


def stored_other_than_sent(world: World) -> None:
    world.ana[5] = world.ana[8] = Sent("ana", "c3", "text three")


def a_hole_in_the_database(world: World) -> None:
    world.last_seq = 6


def a_place_past_the_last(world: World) -> None:
    world.last_seq = 4


def a_place_taken_twice(world: World) -> None:
    world.rows[3] = state(4)._replace(seq=3)


def a_message_out_of_nowhere(world: World) -> None:
    world.last_seq = 6
    world.rows.append(state(6, client_id="c6"))


def a_hole_in_what_a_client_saw(world: World) -> None:
    del world.ana[10]


def a_hole_at_the_end(world: World) -> None:
    del world.ana[-1]


def a_hole_in_a_sync(world: World) -> None:
    world.ben[-1] = Synced("ben", since=1, seq=5, recovered=True, states=(state(2), state(4), EDITED))


def a_hole_before_starting_anew(world: World) -> None:
    del world.ana[10]
    world.ana.append(Synced("ana", since=5, seq=1_005, recovered=False))


def a_needless_start_anew(world: World) -> None:
    world.ben[-1] = Synced("ben", since=1, seq=5, recovered=False, states=(state(2), state(3), state(4), EDITED))


def seen_twice(world: World) -> None:
    world.ana.insert(5, Received("ana", "message", state(2)))


def seen_twice_over_a_reconnect(world: World) -> None:
    world.ana[7] = Synced("ana", since=2, seq=3, recovered=True, states=(state(2), state(3)))


def seen_in_the_wrong_order(world: World) -> None:
    world.ana[3], world.ana[4] = world.ana[4], world.ana[3]


def seen_before_the_sync(world: World) -> None:
    world.ben.insert(0, Received("ben", "message", state(1)))


def synced_further_than_told(world: World) -> None:
    world.ben[-1] = Synced("ben", since=1, seq=6, recovered=True, states=(state(2), state(3), state(4), EDITED))


def two_clients_disagree(world: World) -> None:
    world.ana[4] = Received("ana", "message", state(2, id=103))


def a_change_under_the_wrong_name(world: World) -> None:
    world.ana[-1] = Received("ana", "message", EDITED)


def a_lost_reaction(world: World) -> None:
    world.rows[0] = EDITED._replace(reactions=1)


def a_senders_order_turned_round(world: World) -> None:
    world.ana[1:1] = [Sent("ana", "c3", "text 3")]


def a_message_without_an_answer(world: World) -> None:
    world.ana.append(Sent("ana", "c7", "text 7"))


def a_client_that_never_got_in(world: World) -> None:
    world.ben = [record for record in world.ben if not isinstance(record, Synced | Received)]


@pytest.mark.parametrize(
    ("plant", "expected"),
    [
        (acked_without_a_row, "ana: c7 was acked as 7, but has no row."),
        (told_without_a_row, "ana: was told of message 106 ('text 6') at 6, which has no row."),
        (told_ahead_of_the_row, "ana: was told 'text 2' at 2, the row says 'else'."),
        (told_with_another_text_than_the_row, "ana: was told 'better' at 5, the row says 'worse'."),
        (told_of_another_room, "ben: was told of message 106 in cake, which is not its room."),
        (two_rows_of_one_client_id, "client_id 'c3' of user 1 has 2 rows."),
        (one_text_stored_twice, "tea: 'text 3' of user 1 is stored 2 times."),
        (two_answers_to_one_client_id, "ana: c3 was acked as 3 and as 4."),
        (an_answer_with_anothers_message, "ana: c1 was answered with message 102 of another client_id."),
        (stored_other_than_sent, "tea: c3 was sent as 'text three' and stored as 'text 3'."),
        (a_hole_in_the_database, "tea: the database has a hole at 6."),
        (a_place_past_the_last, "tea: the last place is 4, yet 5 is taken."),
        (a_place_taken_twice, "tea: place 3 is taken 2 times."),
        (a_message_out_of_nowhere, "tea: message 106 ('text 6') is stored, but nobody sent it."),
        (a_hole_in_what_a_client_saw, "ana: never got 4 of 1 to 5."),
        (a_hole_at_the_end, "ana: never got 5 of 1 to 5."),
        (a_hole_in_a_sync, "ben: never got 3 of 1 to 5."),
        (a_hole_before_starting_anew, "ana: never got 4 of 1 to 5."),
        (a_needless_start_anew, "ben: stood at 1 of 5 and had to start anew."),
        (seen_twice, "ana: got place 2 twice."),
        (seen_twice_over_a_reconnect, "ana: got place 2 twice."),
        (seen_in_the_wrong_order, "ana: got place 1 after 2."),
        (seen_before_the_sync, "ben: got place 1 before any sync."),
        (synced_further_than_told, "ben: was synced to 6 with changes up to 5."),
        (
            two_clients_disagree,
            "tea: place 2 was message 103 ('text 2') to ana, and message 102 ('text 2') to ben.",
        ),
        (a_change_under_the_wrong_name, "ana: place 5 of message 101 came as 'message'."),
        (a_lost_reaction, f"ana: ends with {EDITED}, the database has {EDITED._replace(reactions=1)}."),
        (a_senders_order_turned_round, "ana: sent c3 before c1, but they are at 3 and 1."),
        (a_message_without_an_answer, "ana: c7 was never answered."),
        (a_client_that_never_got_in, "ben: never got in."),
    ],
)
def test_each_planted_fault_is_found(plant: Callable[[World], None], expected: str) -> None:
    world = World()
    plant(world)
    assert expected in world.findings


@pytest.mark.parametrize(
    ("on_purpose", "closed_at", "findings"),
    [
        (False, NOON.timestamp() + 1, ["ana: c3 was stored at 3 and left without an answer."]),
        (False, NOON.timestamp() - 1, []),
        (True, NOON.timestamp() + 1, []),
    ],
    ids=["stored before the end", "stored by a later try", "cut by the client"],
)
def test_a_graceful_stop_leaves_nothing_stored_without_an_answer(
    on_purpose: bool, closed_at: float, findings: list[str]
) -> None:
    world = World()
    world.ana = [
        replace(record, on_purpose=on_purpose, at=closed_at) if isinstance(record, Unanswered) else record
        for record in world.ana
    ]
    assert check_graceful(world.history, {"tea": Log(world.last_seq, world.rows)}) == findings
