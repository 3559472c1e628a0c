"""Who is in a room, over all workers: soft state that workers tell each other, each keeping what it heard for a while.

A worker says who is here when that changes and renews it; a killed worker's people are gone when its lease ends.
Pure bookkeeping: the clock comes in, what is to be told goes out.
"""

from collections import Counter
from typing import NamedTuple

from django.conf import settings

from backend.chat.events import PresenceOut

LEASE = 38.0  # seconds that a worker's roster counts: with the grace, a killed worker's people are gone after 45 s
RENEW = 15.0  # seconds between two of its tellings
GRACE = 5.0  # seconds somebody may be away without being told as gone: a reconnect, a rolling restart
NAMED: int = settings.PRESENCE_NAMED  # people up to which they are named; in larger rooms only the number is told


class Roster(NamedTuple):
    """A worker's people in one room. `users` is None when they are too many to name."""

    people: int
    users: list[int] | None


class RoomPresence:
    def __init__(self) -> None:
        self._here: Counter[int] = Counter()  # connections of each person on this worker
        self._there: dict[str, tuple[Roster, float]] = {}  # worker -> its roster, and until when it counts
        self._told: set[int] = set()
        self._told_count = 0
        self._away_since: dict[int, float] = {}

    def come(self, user_id: int) -> None:
        self._here[user_id] += 1

    def go(self, user_id: int) -> None:
        self._here[user_id] -= 1
        if not self._here[user_id]:
            del self._here[user_id]

    def roster(self) -> Roster:
        """What this worker tells the others."""
        return Roster(len(self._here), list(self._here) if len(self._here) <= NAMED else None)

    def hear(self, worker: str, roster: Roster, now: float) -> None:
        self._there[worker] = (roster, now + LEASE)

    def online(self) -> int:
        """How many are here, as far as it is known; for large rooms the sum over the workers."""
        people = self._people()
        return len(people | self._told) if people is not None else self._sum()

    def named(self) -> list[int]:
        """Who is here, empty for rooms too large to name."""
        people = self._people()
        return sorted(people | self._told) if people is not None else []

    def news(self, now: float) -> PresenceOut | None:
        """What changed since the last time; None: nothing to tell (yet)."""
        self._there = {worker: (roster, until) for worker, (roster, until) in self._there.items() if until > now}
        people = self._people()
        if people is None:
            return self._count_news()
        joined = people - self._told
        away = self._told - people
        self._away_since = {user: self._away_since.get(user, now) for user in away}
        left = {user for user, since in self._away_since.items() if now - since >= GRACE}
        self._told = (self._told | people) - left
        for user in left:
            del self._away_since[user]
        if not joined and not left and self._told_count == len(self._told):
            return None
        self._told_count = len(self._told)
        return PresenceOut(joined=sorted(joined), left=sorted(left), online=self._told_count)

    @property
    def restless(self) -> bool:
        """Somebody's absence still has to be told."""
        return bool(self._away_since)

    def _count_news(self) -> PresenceOut | None:
        count = self._sum()
        self._told, self._away_since = set(), {}
        if count == self._told_count:
            return None
        self._told_count = count
        return PresenceOut(joined=[], left=[], online=count)

    def _people(self) -> set[int] | None:
        people = set(self._here)
        for roster, _ in self._there.values():
            if roster.users is None:
                return None
            people.update(roster.users)
        return people if len(people) <= NAMED else None

    def _sum(self) -> int:
        return len(self._here) + sum(roster.people for roster, _ in self._there.values())
