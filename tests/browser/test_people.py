"""Invitations, direct messages, blocking, and one's own account in the demo."""

import io
import json
import secrets
import zipfile
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import PHONE, OpenPage, picture
from tests.people import PASSWORD, Person
from tests.servers import ChatServer


@pytest.fixture
def ann(server: ChatServer) -> Person:
    return Person.register(server, "Ann Berg")


@pytest.fixture
def bob(server: ChatServer) -> Person:
    """A name that nobody else has: he is looked for."""
    return Person.register(server, f"Bob {secrets.token_hex(4)}")


def open_invites(page: Page) -> None:
    page.get_by_role("button", name="Room details").click()
    page.get_by_role("tab", name="Invites").click()


def test_an_invite_link_leads_through_the_log_in_into_the_room(open_page: OpenPage, ann: Person, bob: Person) -> None:
    room = ann.make_room("Quiet corner", kind="private")
    page = open_page(ann, path=f"/#/r/{room}")
    open_invites(page)
    page.get_by_label("Good for").select_option("1 hour")
    page.get_by_label("Used by at most").select_option("1 person")
    page.get_by_role("button", name="Create a link").click()
    expect(page.get_by_text("by Ann Berg, ends in 1 hour, used 0 of 1 times")).to_be_visible()
    picture(page, "wide-invites")
    address = page.get_by_label("Invite link", exact=True).input_value()

    guest = open_page(path=address, size=PHONE)
    expect(guest.get_by_text("You are invited to a room.")).to_be_visible()
    picture(guest, "phone-invite-log-in")
    guest.get_by_label("Email").fill(bob.email)
    guest.get_by_label("Password").fill(PASSWORD)
    guest.get_by_role("button", name="Log in").click()
    expect(guest.get_by_role("heading", name="Quiet corner")).to_be_visible()
    expect(guest.get_by_text("1 person in here.")).to_be_visible()
    picture(guest, "phone-invite")
    guest.get_by_role("button", name="Join the room").click()
    expect(guest.locator(".room-state")).to_have_text("2 online")
    expect(page.get_by_role("log")).to_contain_text(f"{bob.name} joined")

    late = open_page(path=address, dark=True)
    late.get_by_role("button", name="Create an account").click()
    late.get_by_label("Name").fill("Late")
    late.get_by_label("Email").fill(f"{secrets.token_hex(8)}@example.com")
    late.get_by_label("Password").fill(PASSWORD)
    late.get_by_role("button", name="Sign up").click()
    expect(late.get_by_role("heading", name="This invitation is no longer good")).to_be_visible()
    picture(late, "wide-invite-used-up")
    late.get_by_role("link", name="To my rooms").click()
    expect(late.get_by_role("heading", name="Pick a room")).to_be_visible()


def test_an_invite_link_is_copied_and_revoked(open_page: OpenPage, ann: Person, bob: Person) -> None:
    room = ann.make_room("Quiet corner", kind="private")
    page = open_page(ann, path=f"/#/r/{room}")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_invites(page)
    expect(page.get_by_text("There is no link yet.")).to_be_visible()
    page.get_by_role("button", name="Create a link").click()
    address = page.get_by_label("Invite link", exact=True).input_value()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_text("The link is copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == address
    page.get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("There is no link yet.")).to_be_visible()
    guest = open_page(bob, path=address)
    expect(guest.get_by_role("heading", name="This invitation is no longer good")).to_be_visible()


def test_people_are_found_written_to_and_blocked(open_page: OpenPage, ann: Person, bob: Person) -> None:
    page, other = open_page(ann), open_page(bob, size=PHONE)
    page.get_by_role("button", name="Find rooms and people").click()
    page.get_by_role("tab", name="People").click()
    page.get_by_label("Search people by name").fill(bob.name)
    page.get_by_role("button", name=f"Message {bob.name}").click()
    page.get_by_label("Message", exact=True).fill("Hello Bob")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".room-state")).to_have_text("not here")
    other.get_by_role("link", name="Ann Berg").click()
    expect(other.locator(".room-state")).to_have_text("here now")
    expect(page.locator(".room-state")).to_have_text("here now")
    picture(page, "wide-direct")

    page.get_by_role("button", name="Room details").click()
    page.get_by_role("button", name=f"What can be done with {bob.name}").click()
    page.get_by_role("button", name="Block").click()
    expect(page.get_by_text(f"{bob.name} can't write to you directly any more.")).to_be_visible()
    other.get_by_label("Message", exact=True).fill("Hello?")
    other.get_by_role("button", name="Send", exact=True).click()
    expect(other.get_by_role("log").get_by_role("alert")).to_be_visible()
    picture(other, "phone-blocked")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Ann Berg Profile").click()
    page.get_by_role("tab", name="Blocked people").click()
    expect(page.get_by_role("dialog").get_by_role("listitem")).to_contain_text(bob.name)
    picture(page, "wide-blocked-people")
    page.get_by_role("button", name="Unblock").click()
    other.get_by_role("button", name="Retry").click()
    expect(page.get_by_role("log")).to_contain_text("Hello?")


def test_a_chosen_picture_is_shown_while_it_goes_up(open_page: OpenPage, ann: Person) -> None:
    page = open_page(ann)
    page.get_by_role("button", name="Ann Berg Profile").click()
    photo = io.BytesIO()
    Image.new("RGB", (600, 400), "teal").save(photo, "PNG")
    held: list[Route] = []
    page.route("**/users/me/avatar", lambda route: held.append(route))
    page.get_by_label("Upload a picture").set_input_files(
        {"name": "me.png", "mimeType": "image/png", "buffer": photo.getvalue()}
    )
    expect(page.get_by_role("progressbar", name="Upload")).to_be_visible()
    expect(page.locator("img.avatar.large[src^='blob:']")).to_be_visible()
    [upload] = held
    upload.continue_()
    expect(page.locator("img.avatar.large[src^='/media/']")).to_be_visible()
    expect(page.get_by_role("progressbar", name="Upload")).to_be_hidden()


def test_my_data_is_downloaded(open_page: OpenPage, ann: Person, tmp_path: Path) -> None:
    room = ann.make_room("Quiet corner", kind="private")
    assert ann.api("POST", f"rooms/{room}/messages", json={"message": "a line of mine"}).is_success
    page = open_page(ann, size=PHONE, dark=True)
    page.get_by_role("button", name="Ann Berg Profile").click()
    page.get_by_role("tab", name="Your data").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download my data").click()
    expect(page.get_by_text("Done: ")).to_be_visible()
    picture(page, "phone-your-data")
    download.value.save_as(tmp_path / "mine.zip")
    with zipfile.ZipFile(tmp_path / "mine.zip") as mine:
        texts = [mine.read(name).decode() for name in mine.namelist() if name.endswith(".json")]
    assert all(json.loads(text) is not None for text in texts)
    assert any("a line of mine" in text for text in texts)


@pytest.mark.parametrize(("choice", "left"), [("Stay", "a line of mine"), ("Go too", "Message deleted")])
def test_my_account_is_deleted(open_page: OpenPage, ann: Person, bob: Person, choice: str, left: str) -> None:
    room = ann.make_room("Quiet corner", kind="private", member_ids=[bob.id])
    assert ann.api("POST", f"rooms/{room}/messages", json={"message": "a line of mine"}).is_success
    page, other = open_page(ann), open_page(bob, path=f"/#/r/{room}")
    expect(other.get_by_role("log")).to_contain_text("a line of mine")
    page.get_by_role("button", name="Ann Berg Profile").click()
    page.get_by_role("tab", name="Your data").click()
    page.get_by_label(choice).check()
    page.get_by_label("Your password").fill("not-her-password")
    page.get_by_role("button", name="Delete my account").click()
    expect(page.get_by_label("Your password")).to_have_attribute("aria-invalid", "true")
    picture(page, "wide-delete-account")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Delete my account").click()
    expect(page.get_by_role("alert").first).to_have_text("Your account is deleted.")
    expect(other.get_by_role("log")).to_contain_text("Ann Berg left")
    other.reload()
    expect(other.get_by_role("log")).to_contain_text(left)
    expect(other.get_by_role("log")).to_contain_text("Deleted user left")
    expect(other.get_by_role("log")).not_to_contain_text("Ann Berg")
