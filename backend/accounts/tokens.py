"""Knox tokens: made, checked and ended here and nowhere else. The database holds only their digests."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils import timezone
from knox.crypto import hash_token
from knox.models import AuthToken

from backend.accounts.models import User

TOKEN_LENGTH = 256  # characters; far above what Knox makes


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a valid token belongs to. `digest` names the token without giving it away."""

    user_id: int
    name: str
    avatar: str | None
    digest: str
    expiry: datetime | None


def create_token(*, user: User) -> tuple[str, datetime | None]:
    """The token, to be shown once, and its expiry; the person's expired tokens go at the same time."""
    AuthToken.objects.filter(user=user, expiry__lte=timezone.now()).delete()
    row, token = AuthToken.objects.create(user=user)
    return token, row.expiry


def authenticate_many(tokens: Sequence[object]) -> list[Identity | None]:
    """One answer a token, in one query; None for what is malformed, unknown, expired, or of an inactive person."""
    digests = [_digest(token) for token in tokens]
    rows = AuthToken.objects.filter(_unexpired(), digest__in={*digests} - {None}, user__is_active=True)
    found = {
        row.digest: identity_of(row.user, digest=row.digest, expiry=row.expiry) for row in rows.select_related("user")
    }
    return [found.get(digest) for digest in digests]


def alive(digests: Iterable[str]) -> set[str]:
    """Which of these tokens still stand for an active person."""
    rows = AuthToken.objects.filter(_unexpired(), digest__in=list(digests), user__is_active=True)
    return set(rows.values_list("digest", flat=True))


def revoke(*, digest: str) -> None:
    AuthToken.objects.filter(digest=digest).delete()


def revoke_all(*, user_id: int) -> None:
    AuthToken.objects.filter(user_id=user_id).delete()


def _unexpired() -> Q:
    return Q(expiry__isnull=True) | Q(expiry__gt=timezone.now())


def _digest(token: object) -> str | None:
    if not isinstance(token, str) or not 0 < len(token) <= TOKEN_LENGTH:
        return None
    try:
        digest: str = hash_token(token)
    except UnicodeEncodeError:  # lone surrogates
        return None
    return digest


def identity_of(user: User, *, digest: str = "", expiry: datetime | None = None) -> Identity:
    """Who a user is; without a token for somebody known by a Django session."""
    return Identity(user.pk, user.name, user.avatar_url, digest, expiry)
