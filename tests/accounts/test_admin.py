"""The admin as somebody who looks after people uses it."""

import io
from pathlib import Path

import pytest
from django.test import Client
from knox.models import AuthToken
from PIL import Image
from pytest_django import Settings

from backend.accounts import services
from backend.accounts.models import User

pytestmark = pytest.mark.django_db

LIST = "/admin/accounts/user/"


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root@example.org", "Root", "engine-1843"))
    return client


def test_log_in_by_email(client: Client) -> None:
    User.objects.create_superuser("root@example.org", "Root", "engine-1843")
    answer = client.post("/admin/login/?next=/admin/", {"username": "Root@Example.org", "password": "engine-1843"})
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")


def test_search_and_filter(admin: Client) -> None:
    User.objects.create_user("ada@example.org", "Ada", is_active=False)
    User.objects.create_user("bob@example.org", "Bob")
    for query in ("q=ada", "q=ada%40example", "is_active__exact=0"):
        page = admin.get(f"{LIST}?{query}").content.decode()
        assert "ada@example.org" in page
        assert "bob@example.org" not in page


def test_add_a_user_who_can_log_in(admin: Client) -> None:
    form = {
        "email": "New@Example.org",
        "name": "New",
        "usable_password": "true",
        "password1": "engine-1843",
        "password2": "engine-1843",
    }
    assert admin.post(f"{LIST}add/", form).status_code == 302
    assert services.log_in(email="new@example.org", password="engine-1843") is not None
    assert "Somebody has this email already." in admin.post(f"{LIST}add/", form).content.decode()


def test_change_name_and_password(admin: Client) -> None:
    user = User.objects.create_user("ada@example.org", "Ada", "engine-1843")
    assert admin.get(f"{LIST}{user.pk}/change/").status_code == 200
    form = {"email": "ada@example.org", "name": "Countess", "is_active": "on"}
    assert admin.post(f"{LIST}{user.pk}/change/", form).status_code == 302
    form = {"usable_password": "true", "password1": "other-1852", "password2": "other-1852"}
    assert admin.post(f"{LIST}{user.pk}/password/", form).status_code == 302
    user.refresh_from_db()
    assert user.name == "Countess"
    assert user.check_password("other-1852")


@pytest.mark.django_db(transaction=True)
def test_remove_avatars(admin: Client, settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    user = User.objects.create_user("ada@example.org", "Ada")
    buffer = io.BytesIO()
    Image.new("RGB", (9, 9)).save(buffer, "PNG")
    services.set_avatar(user_id=user.pk, file=buffer)
    assert "/media/avatars/" in admin.get(f"{LIST}{user.pk}/change/").content.decode()
    admin.post(LIST, {"action": "remove_avatars", "_selected_action": [user.pk]})
    user.refresh_from_db()
    assert not user.avatar
    assert not list((tmp_path / "avatars").iterdir())


@pytest.mark.django_db(transaction=True)
def test_remove_avatars_of_those_who_are_switched_off(admin: Client, settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    off, gone = (User.objects.create_user(f"{name}@example.org", name) for name in ("off", "gone"))
    buffer = io.BytesIO()
    Image.new("RGB", (9, 9)).save(buffer, "PNG")
    services.set_avatar(user_id=off.pk, file=buffer)
    User.objects.filter(pk=off.pk).update(is_active=False)
    services.forget(user_id=gone.pk)
    form = {"action": "remove_avatars", "_selected_action": [off.pk, gone.pk]}
    assert admin.post(LIST, form).status_code == 302
    assert not list(tmp_path.rglob("*.webp"))


def test_staff_neither_sees_nor_makes_tokens(admin: Client) -> None:
    ada = services.register(email="ada@example.org", name="Ada", password="engine-1843")
    assert admin.get("/admin/knox/authtoken/").status_code == 404
    assert admin.post("/admin/knox/authtoken/add/", {"user": ada.user.pk}).status_code == 404
    assert "authtoken" not in admin.get("/admin/").content.decode()
    assert AuthToken.objects.count() == 1
