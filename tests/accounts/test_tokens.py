"""Knox tokens: one query for any number, and no answer but None for what is not one."""

from datetime import timedelta

import pytest
from django.utils import timezone
from knox.models import AuthToken
from pytest_django import DjangoAssertNumQueries, Settings

from backend.accounts import tokens
from backend.accounts.models import User

pytestmark = pytest.mark.django_db


def make_user(name: str = "Ada") -> User:
    return User.objects.create_user(f"{name.lower()}@example.org", name, "engine-1843")


def test_token_belongs_to_its_user(settings: Settings) -> None:
    user = make_user()
    token, expiry = tokens.create_token(user=user)
    assert expiry is not None
    assert abs(expiry - timezone.now() - timedelta(hours=settings.TOKEN_TTL_HOURS)) < timedelta(minutes=1)
    [identity] = tokens.authenticate_many([token])
    assert identity == tokens.Identity(user.pk, "Ada", None, AuthToken.objects.get().digest, expiry)
    assert token not in AuthToken.objects.get().digest, "the database must not hold the token itself"


def test_many_tokens_are_one_query_in_order(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    users = [make_user(f"Person{number}") for number in range(20)]
    made = [tokens.create_token(user=user)[0] for user in users]
    asked = [made[3], "unknown", *made, made[3]]
    with django_assert_num_queries(1):
        answers = tokens.authenticate_many(asked)
    expected = [users[3].pk, None, *(user.pk for user in users), users[3].pk]
    assert [answer.user_id if answer else None for answer in answers] == expected


@pytest.mark.parametrize(
    "malformed", ["", " ", "é" * 64, "\ud800", "\x00", "a" * 1_000_000, None, 7, b"bytes", ["list"], {"a": 1}]
)
def test_malformed_is_nobody_and_harms_no_neighbour(malformed: object) -> None:
    user = make_user()
    token, _ = tokens.create_token(user=user)
    before, good = tokens.authenticate_many([malformed, token])
    assert before is None
    assert good is not None
    assert good.user_id == user.pk


def test_expired_token_is_nobody_and_goes_at_the_next_login() -> None:
    user = make_user()
    token, _ = tokens.create_token(user=user)
    AuthToken.objects.update(expiry=timezone.now() - timedelta(seconds=1))
    assert tokens.authenticate_many([token]) == [None]
    tokens.create_token(user=user)
    assert AuthToken.objects.count() == 1


def test_token_without_expiry_is_good() -> None:
    token, _ = tokens.create_token(user=make_user())
    AuthToken.objects.update(expiry=None)
    [identity] = tokens.authenticate_many([token])
    assert identity is not None
    assert identity.expiry is None


def test_inactive_user_is_nobody() -> None:
    user = make_user()
    token, _ = tokens.create_token(user=user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert tokens.authenticate_many([token]) == [None]


def test_revoke_ends_one_and_revoke_all_the_persons_own() -> None:
    ada, bob = make_user("Ada"), make_user("Bob")
    first, second, third = (tokens.create_token(user=ada)[0] for _ in range(3))
    other, _ = tokens.create_token(user=bob)
    ended, *kept = tokens.authenticate_many([first, second, third])
    assert ended is not None
    tokens.revoke(digest=ended.digest)
    assert tokens.authenticate_many([first, second, third]) == [None, *kept]
    tokens.revoke_all(user_id=ada.pk)
    assert tokens.authenticate_many([second, third]) == [None, None]
    assert tokens.authenticate_many([other])[0] is not None
