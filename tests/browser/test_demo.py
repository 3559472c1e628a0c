"""The demo as people use it: two windows, a real server, nothing but what is on the screen."""

import io
import re
import secrets

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import PHONE, OpenPage, picture
from tests.people import PASSWORD, Person
from tests.servers import ChatServer


@pytest.fixture
def ann(server: ChatServer) -> Person:
    return Person.register(server, "Ann Berg")


@pytest.fixture
def bob(server: ChatServer) -> Person:
    return Person.register(server, "Bob Okafor")


@pytest.fixture
def room(ann: Person, bob: Person) -> str:
    """A private room of Ann's with Bob in it."""
    return ann.make_room("Kitchen", kind="private", member_ids=[bob.id])


def sign_up(page: Page, name: str) -> None:
    page.get_by_role("button", name="Create an account").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Email").fill(f"{secrets.token_hex(8)}@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("navigation", name="Rooms")).to_be_visible()


def say(page: Page, text: str) -> None:
    page.get_by_label("Message", exact=True).fill(text)
    page.get_by_label("Message", exact=True).press("Enter")


def state(page: Page) -> Locator:
    return page.locator(".room-state")


def messages(page: Page) -> Locator:
    return page.get_by_role("log").locator(".msg")


def test_two_people_meet_and_chat(open_page: OpenPage) -> None:
    name = f"Tea & Cake {secrets.token_hex(3)}"
    ann, bob = open_page(), open_page(size=PHONE, dark=True)
    sign_up(ann, "Ann Berg")
    sign_up(bob, "Bob Okafor")

    ann.get_by_role("button", name="New room").first.click()
    ann.get_by_label("Name").fill(name)
    picture(ann, "wide-new-room")
    ann.get_by_role("button", name="Create room").click()
    expect(ann.get_by_role("heading", name=name)).to_be_visible()
    expect(state(ann)).to_contain_text("online")

    bob.get_by_role("button", name="Find rooms").first.click()
    bob.get_by_label("Search public rooms").fill(name)
    expect(bob.locator(".result")).to_have_count(1)
    picture(bob, "phone-find")
    bob.get_by_role("button", name="Join").click()
    expect(state(bob)).to_contain_text("online")
    expect(ann.get_by_role("log")).to_contain_text("Bob Okafor joined")

    bob.get_by_label("Message", exact=True).press_sequentially("Hello")
    expect(ann.get_by_text("Bob Okafor is typing")).to_be_visible()
    picture(ann, "wide-typing")
    bob.get_by_role("button", name="Send").click()
    expect(messages(ann).last).to_contain_text("Hello")
    expect(ann.get_by_text("Bob Okafor is typing")).to_be_hidden()
    say(ann, "Hello Bob, see https://example.com/cake.")
    expect(messages(bob).last.get_by_role("link")).to_have_attribute("href", "https://example.com/cake")
    expect(messages(ann).last.get_by_label("sent")).to_be_visible()
    picture(ann, "wide-chat")
    picture(bob, "phone-chat")

    bob.get_by_role("button", name="Back to the rooms").click()
    expect(bob.get_by_role("log")).to_be_hidden()
    expect(bob.get_by_role("link", name=name)).to_contain_text("Ann Berg: Hello Bob")
    say(ann, "Still there?")
    expect(messages(ann).last.get_by_label("sent")).to_be_visible()
    expect(bob.get_by_role("link", name=name).get_by_label("1 unread")).to_be_visible()
    picture(bob, "phone-rooms")


def test_an_address_with_brackets_in_it_is_one_link(open_page: OpenPage, ann: Person, room: str) -> None:
    page = open_page(ann, path=f"/#/r/{room}")
    wiki = "https://example.org/wiki/Tea_(drink)"
    say(page, f"({wiki}), then https://example.org/a_(b)_c/d?e=(f). And (https://example.org/g)!")
    links = messages(page).last.get_by_role("link")
    expect(links).to_have_text([wiki, "https://example.org/a_(b)_c/d?e=(f)", "https://example.org/g"])


def test_a_form_says_at_each_field_what_is_wrong(open_page: OpenPage) -> None:
    page = open_page(size=PHONE)
    page.get_by_role("button", name="Create an account").click()
    page.get_by_label("Name").fill("Ann Berg")
    page.get_by_label("Email").fill("not an address")
    page.get_by_label("Password").fill("short")
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_label("Email")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Email")).to_be_focused()
    expect(page.get_by_label("Email").locator("+ .field-note")).to_have_class(re.compile("error"))
    expect(page.get_by_label("Email").locator("+ .field-note")).not_to_be_empty()
    picture(page, "phone-sign-up-errors")


def test_a_wrong_password_is_told_and_the_right_one_still_works(open_page: OpenPage, ann: Person) -> None:
    page = open_page()
    page.get_by_label("Email").fill(ann.email)
    page.get_by_label("Password").fill("not-her-password")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_have_text("Wrong email or password.")
    picture(page, "wide-wrong-password")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("button", name="Ann Berg")).to_be_visible()


def test_scrolling_up_loads_older_messages_and_keeps_the_place(open_page: OpenPage, ann: Person, room: str) -> None:
    for number in range(130):
        ann.api("POST", f"rooms/{room}/messages", json={"message": f"Line {number}"}).raise_for_status()
    page = open_page(ann, path=f"/#/r/{room}")
    expect(messages(page)).to_have_count(50)
    expect(messages(page).last).to_be_in_viewport()
    mark = page.get_by_text("Line 80", exact=True)  # the first of the newest 50
    mark.scroll_into_view_if_needed()
    expect(messages(page).nth(50)).to_be_attached()
    expect(mark).to_be_in_viewport()
    expect(page.get_by_role("button", name="New messages")).to_be_hidden()
    ann.api("POST", f"rooms/{room}/messages", json={"message": "Line 130"}).raise_for_status()
    expect(page.get_by_role("button", name="New messages")).to_be_visible()
    expect(mark).to_be_in_viewport()
    picture(page, "wide-older")
    scroll_to_the_beginning(page, "Line 0")
    texts = page.get_by_role("log").locator(".msg-text").all_inner_texts()
    assert texts == [f"Line {number}" for number in range(131)]


def scroll_to_the_beginning(page: Page, first: str) -> None:
    """Scroll to the upper end as often as more comes in there, until the room's first message has come."""
    top = page.get_by_role("region", name="Messages, scroll up")
    while not page.get_by_text(first, exact=True).count():
        count = messages(page).count()
        top.evaluate("node => { node.scrollTop = 0 }")
        expect(messages(page).nth(count)).to_be_attached()


def test_unsent_messages_survive_a_reload_and_go_out_once(
    open_page: OpenPage, ann: Person, bob: Person, room: str
) -> None:
    page, other = open_page(ann, path=f"/#/r/{room}"), open_page(bob, path=f"/#/r/{room}")
    expect(state(page)).to_contain_text("online")
    expect(state(other)).to_contain_text("online")
    page.context.set_offline(True)
    expect(state(page)).to_contain_text("Connection lost")
    say(page, "first, unsent")
    say(page, "second, unsent")
    expect(messages(page).last).to_contain_text("sending")
    picture(page, "wide-offline")
    page.context.set_offline(False)
    page.reload()
    expect(messages(other)).to_have_text([re.compile("first, unsent"), re.compile("second, unsent")])
    expect(messages(page)).to_have_text([re.compile("first, unsent"), re.compile("second, unsent")])
    assert page.evaluate("Object.keys(localStorage)") == ["chat-session"]


def test_a_message_is_edited_and_deleted_in_place(open_page: OpenPage, ann: Person, bob: Person, room: str) -> None:
    page, other = open_page(ann, path=f"/#/r/{room}"), open_page(bob, path=f"/#/r/{room}")
    markup = "<img src=x onerror=alert(1)> is <b>text</b>"
    say(page, "to be edited")
    expect(messages(other)).to_contain_text("to be edited")
    page.get_by_label("Message", exact=True).press("ArrowUp")
    page.get_by_label("Edit message").fill(markup)
    page.get_by_label("Edit message").press("Enter")
    expect(messages(other).locator(".msg-text")).to_have_text(markup)
    expect(messages(other)).to_contain_text("edited")
    messages(page).hover()
    messages(page).get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(messages(other)).to_contain_text("Message deleted")


def test_a_removed_person_is_told_and_can_no_longer_write(
    open_page: OpenPage, ann: Person, bob: Person, room: str
) -> None:
    page = open_page(bob, path=f"/#/r/{room}")
    expect(state(page)).to_contain_text("online")
    assert ann.api("DELETE", f"rooms/{room}/members/{bob.id}").is_success
    expect(page.get_by_text("You are no longer a member of this room.")).to_be_visible()
    expect(page.get_by_label("Message", exact=True)).to_be_disabled()
    expect(page.get_by_role("link", name="Kitchen")).to_be_hidden()


def test_logging_out_everywhere_ends_the_other_window(open_page: OpenPage, ann: Person, room: str) -> None:
    page, other = open_page(ann), open_page(ann, path=f"/#/r/{room}")
    expect(state(other)).to_contain_text("online")
    page.get_by_role("button", name="Ann Berg").click()
    page.get_by_role("button", name="Log out everywhere").click()
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
    expect(other.get_by_role("alert").first).to_contain_text("Your session has ended")
    expect(other.get_by_role("heading", name="Welcome back")).to_be_visible()


def test_profile_name_and_picture(open_page: OpenPage, ann: Person) -> None:
    page = open_page(ann)
    page.get_by_role("button", name="Ann Berg").click()
    page.get_by_label("Name").fill("Ann of the Mountain")
    page.get_by_role("button", name="Save").click()
    me = page.get_by_role("button", name="Ann of the Mountain Profile", include_hidden=True)
    expect(me).to_be_attached()
    photo = io.BytesIO()
    Image.new("RGB", (60, 40), "teal").save(photo, "PNG")
    upload = page.get_by_label("Upload a picture")
    upload.set_input_files({"name": "me.png", "mimeType": "image/png", "buffer": b"no picture"})
    expect(page.get_by_role("alert").first).not_to_be_empty()
    upload.set_input_files({"name": "me.png", "mimeType": "image/png", "buffer": photo.getvalue()})
    expect(page.locator("img.avatar.large")).to_be_visible()
    picture(page, "wide-profile")
    page.get_by_role("button", name="Remove").click()
    expect(page.locator("img.avatar.large")).to_be_hidden()


def test_adding_a_person_to_a_private_room_and_leaving_it(open_page: OpenPage, ann: Person, server: ChatServer) -> None:
    stranger = Person.register(server, f"Chidi {secrets.token_hex(4)}")
    room = ann.make_room("Quiet corner", kind="private")
    page = open_page(ann, path=f"/#/r/{room}")
    page.get_by_role("button", name="Room details").click()
    page.get_by_label("Add people by name").fill(stranger.name)
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text("in the room")).to_be_visible()
    expect(page.get_by_role("log")).to_contain_text(stranger.name)
    expect(page.get_by_role("dialog").get_by_role("listitem").filter(has_text="member")).to_contain_text(stranger.name)
    picture(page, "wide-details")
    page.get_by_role("tab", name="Room").click()
    page.get_by_role("button", name="Leave the room").click()
    page.get_by_role("button", name="Leave", exact=True).click()
    expect(page.get_by_role("heading", name="Pick a room")).to_be_visible()
    assert stranger.api("GET", f"rooms/{room}").json()["role"] == "owner"


def test_by_keyboard_alone(open_page: OpenPage, ann: Person, room: str) -> None:
    page = open_page(ann)
    link = page.get_by_role("link", name="Kitchen")
    expect(link).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the conversation")).to_be_focused()
    for _ in range(6):  # past the buttons above the list
        if link.evaluate("node => node === document.activeElement"):
            break
        page.keyboard.press("Tab")
    expect(link).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Message", exact=True)).to_be_focused()
    page.keyboard.type("typed")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("two lines")
    page.keyboard.press("Enter")
    expect(messages(page).locator(".msg-text")).to_have_text("typed\ntwo lines")
    expect(messages(page).get_by_label("sent")).to_be_visible()


def test_without_the_npm_package_the_page_says_what_to_do(open_page: OpenPage) -> None:
    page = open_page()

    def not_installed(route: Route) -> None:
        route.fulfill(status=404)

    page.route("**/node_modules/**", not_installed)
    page.reload()
    expect(page.get_by_text("npm install")).to_be_visible()
    picture(page, "wide-no-npm")
