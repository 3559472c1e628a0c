"""Who comes in: the address's rate, the token and the membership of a connect, in one step of a database thread."""

from collections.abc import Sequence
from typing import NamedTuple

from backend.accounts.tokens import Identity, authenticate_many

from . import limits
from .access import Access, AskAccess, check_many
from .errors import ChatError, Code


class Knock(NamedTuple):
    """Somebody wants into a room, or (without a slug) into their inbox.

    `address` is an IP address, `credential` a token, or who it is where that is known already.
    """

    address: str
    credential: str | Identity
    slug: str | None


class Admitted(NamedTuple):
    identity: Identity
    access: Access | None  # None: to the inbox


def admit_many(knocks: Sequence[Knock]) -> list[Admitted | ChatError]:
    """For each knock who it is and what they may, or the refusal; three round trips for any number."""
    waits = limits.hit_connects([knock.address for knock in knocks])
    identities = _identify(
        [knock.credential if wait is None else "" for knock, wait in zip(knocks, waits, strict=True)]
    )
    asks = {
        index: AskAccess(knock.slug, identity.user_id)
        for index, (knock, wait, identity) in enumerate(zip(knocks, waits, identities, strict=True))
        if wait is None and identity is not None and knock.slug is not None
    }
    accesses = dict(zip(asks, check_many(list(asks.values())), strict=True)) if asks else {}
    outcomes: list[Admitted | ChatError] = []
    for index, (wait, identity) in enumerate(zip(waits, identities, strict=True)):
        if wait is not None:
            outcomes.append(ChatError(Code.RATE_LIMITED, retry_after=wait))
        elif identity is None:
            outcomes.append(ChatError(Code.UNAUTHORIZED))
        else:
            access = accesses.get(index)
            outcomes.append(access if isinstance(access, ChatError) else Admitted(identity, access))
    return outcomes


def _identify(credentials: Sequence[str | Identity]) -> list[Identity | None]:
    found = iter(authenticate_many([shown for shown in credentials if isinstance(shown, str)]))
    return [next(found) if isinstance(shown, str) else shown for shown in credentials]
