"""Registering, logging in, profiles and avatars, without HTTP."""

import io
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core.exceptions import ValidationError
from django.db import transaction
from PIL import Image
from pytest_django import Settings

from backend.accounts import queries, services, tokens
from backend.accounts.models import User

pytestmark = pytest.mark.django_db

PASSWORD = "engine-1843"


def register(email: str = "ada@example.org", name: str = "Ada") -> services.Session:
    return services.register(email=email, name=name, password=PASSWORD)


def fields_of(error: ValidationError) -> dict[str, list[str]]:
    messages: dict[str, list[str]] = error.message_dict
    return messages


def red_png() -> io.BytesIO:
    buffer = io.BytesIO()
    Image.new("RGB", (300, 200), "red").save(buffer, "PNG")
    return buffer


def test_register_gives_a_valid_token_and_stores_no_password() -> None:
    session = register(" Ada@Example.ORG ", " Ada ")
    user = User.objects.get()
    assert (user.email, user.name) == ("ada@example.org", "Ada")
    assert PASSWORD not in user.password
    assert user.check_password(PASSWORD)
    [identity] = tokens.authenticate_many([session.token])
    assert identity is not None
    assert identity.user_id == user.pk


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": ""}, "email"),
        ({"email": "no address"}, "email"),
        ({"email": "a" * 250 + "@example.org"}, "email"),
        ({"name": ""}, "name"),
        ({"name": "   "}, "name"),
        ({"name": "n" * 81}, "name"),
        ({"name": "nul\x00"}, "name"),
        ({"password": ""}, "password"),
        ({"password": "short"}, "password"),
        ({"password": "password"}, "password"),
        ({"password": "8402957362"}, "password"),
        ({"password": "ada@example.org"}, "password"),
    ],
)
def test_register_names_the_bad_field(change: dict[str, str], field: str) -> None:
    good = {"email": "ada@example.org", "name": "Ada", "password": PASSWORD}
    with pytest.raises(ValidationError) as caught:
        services.register(**{**good, **change})
    assert list(fields_of(caught.value)) == [field]
    assert not User.objects.exists()


def test_register_names_all_bad_fields_at_once() -> None:
    with pytest.raises(ValidationError) as caught:
        services.register(email="?", name="", password="1")
    assert set(fields_of(caught.value)) == {"email", "name", "password"}


def test_taken_email_in_another_case_is_refused() -> None:
    register()
    with pytest.raises(ValidationError) as caught:
        register("ADA@example.org")
    assert fields_of(caught.value) == {"email": ["Somebody has this email already."]}


def test_email_taken_between_check_and_write_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def somebody_is_faster(password: str, user: User) -> None:
        User.objects.create_user("ada@example.org", "Faster")

    monkeypatch.setattr(services, "validate_password", somebody_is_faster)
    with pytest.raises(ValidationError) as caught:
        register()
    assert fields_of(caught.value) == {"email": ["Somebody has this email already."]}
    assert User.objects.get().name == "Faster"


def test_log_in_whatever_the_case_of_the_email() -> None:
    user = register().user
    session = services.log_in(email=" ADA@example.org", password=PASSWORD)
    assert session is not None
    assert session.user == user
    assert session.user.last_login is not None
    assert tokens.authenticate_many([session.token])[0] is not None


def test_refusals_to_log_in_look_alike_and_cost_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time is counted in password hashes: all the rest is microseconds."""
    register("active@example.org")
    User.objects.filter(pk=register("inactive@example.org").user.pk).update(is_active=False)
    hashes: list[str] = []
    encode = MD5PasswordHasher.encode

    def counting(self: MD5PasswordHasher, password: str, salt: str) -> str:
        hashes.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counting)
    for email, password in [
        ("nobody@example.org", "a"),
        ("active@example.org", "b"),
        ("inactive@example.org", PASSWORD),
    ]:
        assert services.log_in(email=email, password=password) is None
    assert hashes == ["a", "b", PASSWORD]


def test_log_out_ends_one_token_and_everywhere_ends_mine() -> None:
    first = register()
    second = services.log_in(email="ada@example.org", password=PASSWORD)
    other = register("bob@example.org", "Bob")
    assert second is not None
    [identity] = tokens.authenticate_many([first.token])
    assert identity is not None
    services.log_out(digest=identity.digest)
    gone, kept = tokens.authenticate_many([first.token, second.token])
    assert gone is None
    assert kept is not None
    services.log_out_everywhere(user_id=first.user.pk)
    gone, kept = tokens.authenticate_many([second.token, other.token])
    assert gone is None
    assert kept is not None


def test_update_profile_changes_what_is_given() -> None:
    user = register().user
    assert services.update_profile(user_id=user.pk, name=" Countess ").name == "Countess"
    assert services.update_profile(user_id=user.pk).name == "Countess"
    for bad in ("", "  ", "n" * 81, "\x00"):
        with pytest.raises(ValidationError) as caught:
            services.update_profile(user_id=user.pk, name=bad)
        assert list(fields_of(caught.value)) == ["name"]
    assert User.objects.get().name == "Countess"


class TestAvatar:
    @pytest.fixture(autouse=True)
    def media(self, settings: Settings, tmp_path: Path) -> None:
        settings.MEDIA_ROOT = tmp_path
        self.folder = tmp_path / "avatars"

    def files(self) -> list[str]:
        return [f"avatars/{path.name}" for path in self.folder.glob("*")]

    def upload(self, user: User) -> str:
        """The new avatar's stored name."""
        return str(services.set_avatar(user_id=user.pk, file=red_png()).avatar.name)

    @pytest.mark.django_db(transaction=True)
    def test_new_one_replaces_the_old_file(self) -> None:
        user = register().user
        first = self.upload(user)
        second = self.upload(user)
        assert first != second
        assert self.files() == [second]
        with Image.open(self.folder.parent / second) as stored:
            assert (stored.format, stored.size) == ("WEBP", (256, 256))

    @pytest.mark.django_db(transaction=True)
    def test_old_file_stays_when_the_change_is_rolled_back(self) -> None:
        user = register().user
        old = self.upload(user)
        with transaction.atomic():
            services.remove_avatar(user_id=user.pk)
            transaction.set_rollback(True)
        assert User.objects.get().avatar.name == old
        assert old in self.files()

    @pytest.mark.django_db(transaction=True)
    def test_remove_is_safe_to_repeat(self) -> None:
        user = register().user
        services.set_avatar(user_id=user.pk, file=red_png())
        for _ in range(2):
            assert services.remove_avatar(user_id=user.pk).avatar_url is None
        assert not self.files()

    def test_bad_file_names_the_field_and_changes_nothing(self) -> None:
        user = register().user
        old = self.upload(user)
        with pytest.raises(ValidationError) as caught:
            services.set_avatar(user_id=user.pk, file=io.BytesIO(b"<html>"))
        assert list(fields_of(caught.value)) == ["avatar"]
        assert User.objects.get().avatar.name == old


@pytest.mark.parametrize(
    "change",
    [
        partial(services.update_profile, name="Ada"),
        lambda user_id: services.set_avatar(user_id=user_id, file=red_png()),
        services.remove_avatar,
    ],
    ids=["name", "avatar", "no avatar"],
)
def test_an_account_that_has_ended_is_not_changed_any_more(
    settings: Settings, tmp_path: Path, change: Callable[..., User]
) -> None:
    """By a request that came with a token that was still good."""
    settings.MEDIA_ROOT = tmp_path
    user_id = register().user.pk
    services.forget(user_id=user_id)
    with pytest.raises(ValidationError):
        change(user_id=user_id)
    user = User.objects.get(pk=user_id)
    assert (user.name, user.avatar.name) == ("Deleted user", "")
    assert not list(tmp_path.rglob("*.webp"))


def test_search_is_by_name_active_and_limited() -> None:
    for number in range(25):
        User.objects.create_user(f"secret{number}@example.org", f"Person {number:02}")
    User.objects.create_user("gone@example.org", "Person Gone", is_active=False)
    found = queries.search_users(text="pERSON")
    assert [user.name for user in found] == [f"Person {number:02}" for number in range(20)]
    assert not queries.search_users(text="secret")
    assert not queries.search_users(text="Gone")
    assert [user.name for user in queries.search_users(text="20")] == ["Person 20"]
