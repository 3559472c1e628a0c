"""The list of rooms, live, and what the roles of a room may do in the demo."""

import re
import secrets
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import PHONE, OpenPage, picture
from tests.people import Person
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


def say(person: Person, room: str, text: str, **more: Any) -> None:
    answer = person.api("POST", f"rooms/{room}/messages", json={"message": text, **more})
    assert answer.is_success, answer.text


def link(page: Page, name: str) -> Locator:
    """A room in the list."""
    return page.get_by_role("navigation", name="Rooms").get_by_role("link", name=name)


def names(page: Page) -> Locator:
    return page.locator(".room-name")


def open_details(page: Page, tab: str = "People") -> Locator:
    page.get_by_role("button", name="Room details").click()
    page.get_by_role("tab", name=tab).click()
    return page.get_by_role("dialog")


def more_of(page: Page, name: str) -> Locator:
    """What can be done with a member of the room whose details are open."""
    page.get_by_role("button", name=f"What can be done with {name}").click()
    place = page.locator(".person-more:visible")
    expect(place.get_by_role("button", name=re.compile("^(Unb|B)lock$"))).to_be_visible()
    return place


def test_the_list_follows_what_happens(open_page: OpenPage, ann: Person, bob: Person, room: str) -> None:
    garden = ann.make_room("Garden", member_ids=[bob.id])
    page = open_page(ann)
    expect(names(page)).to_have_text(["Garden", "Kitchen"])
    expect(page).to_have_title("chat_api")
    say(bob, room, "Soup is ready")
    expect(names(page)).to_have_text(["Kitchen", "Garden"])
    expect(link(page, "Kitchen")).to_contain_text("Bob Okafor: Soup is ready")
    expect(link(page, "Kitchen").get_by_label("1 unread")).to_have_text("1")
    expect(page).to_have_title("(1) chat_api")
    say(bob, garden, "Ann, the roses!", mention_ids=[ann.id])
    expect(link(page, "Garden").get_by_label("1 mentioning you")).to_be_visible()
    expect(page).to_have_title("(2) chat_api")
    picture(page, "wide-list")
    link(page, "Kitchen").click()
    expect(page.get_by_role("log")).to_contain_text("Soup is ready")
    expect(link(page, "Kitchen").get_by_label("unread")).to_be_hidden()
    expect(page).to_have_title("(1) chat_api")
    link(page, "Garden").click()
    expect(page).to_have_title("chat_api")
    expect(link(page, "Kitchen").get_by_label("unread")).to_be_hidden()


def test_news_take_away_neither_the_focus_nor_the_click(
    open_page: OpenPage, ann: Person, bob: Person, room: str
) -> None:
    ann.make_room("Garden")
    page = open_page(ann)
    expect(names(page)).to_have_text(["Garden", "Kitchen"])
    link(page, "Kitchen").focus()
    say(bob, room, "Soup is ready")
    expect(names(page)).to_have_text(["Kitchen", "Garden"])
    expect(link(page, "Kitchen")).to_be_focused()
    link(page, "Kitchen").hover()
    page.mouse.down()
    say(bob, room, "It gets cold")
    expect(link(page, "Kitchen")).to_contain_text("It gets cold")
    page.mouse.up()
    expect(page.get_by_role("heading", name="Kitchen")).to_be_visible()


def test_rooms_appear_change_and_vanish(open_page: OpenPage, ann: Person, bob: Person) -> None:
    page = open_page(bob, size=PHONE)
    expect(page.get_by_text("You are in no room yet.")).to_be_visible()
    picture(page, "phone-no-rooms")
    room = ann.make_room("Kitchen", kind="private", member_ids=[bob.id])
    expect(link(page, "Kitchen")).to_be_visible()
    assert ann.api("PATCH", f"rooms/{room}", json={"name": "Canteen"}).is_success
    expect(link(page, "Canteen")).to_contain_text("renamed the room")
    assert ann.api("DELETE", f"rooms/{room}").is_success
    expect(link(page, "Canteen")).to_be_hidden()
    expect(page.get_by_text("You are in no room yet.")).to_be_visible()


def test_more_than_ninety_nine_are_many(open_page: OpenPage, ann: Person, bob: Person, room: str) -> None:
    for number in range(99):
        say(bob, room, f"Line {number}")
    page = open_page(ann, size=PHONE, dark=True)
    expect(link(page, "Kitchen").get_by_label("99 unread")).to_have_text("99+")
    expect(page).to_have_title("(99) chat_api")
    picture(page, "phone-many-unread")
    page.get_by_role("button", name="Ann Berg Profile").click()
    page.get_by_role("button", name="Log out", exact=True).click()
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)  # nobody else ended the session
    expect(page).to_have_title("chat_api")


def test_all_rooms_share_one_connection(open_page: OpenPage, ann: Person, room: str) -> None:
    garden = f"Garden {secrets.token_hex(4)}"
    ann.make_room(garden)
    page = open_page(ann)
    expect(names(page)).to_have_text([garden, "Kitchen"])
    sockets: list[str] = []
    page.on("websocket", lambda socket: sockets.append(socket.url))
    page.reload()
    for name in (garden, "Kitchen", garden):
        link(page, name).click()
        expect(page.locator(".room-state")).to_have_text("1 online")
        page.get_by_label("Message", exact=True).fill(f"In the {name}")
        page.get_by_role("button", name="Send", exact=True).click()
        expect(page.get_by_role("log").get_by_label("sent").last).to_be_visible()
        expect(link(page, name)).to_contain_text(f"In the {name}")
    page.get_by_role("button", name="Find rooms and people").click()
    page.get_by_label("Search public rooms").fill(garden)
    page.get_by_role("button", name="Open").click()  # the one on screen: it is left and entered again
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator(".room-state")).to_have_text("1 online")
    page.get_by_label("Message", exact=True).fill("Once more")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("log").get_by_label("sent")).to_have_count(3)
    assert len(sockets) == 1


def test_without_a_connection_the_list_stays_and_says_so(open_page: OpenPage, ann: Person, room: str) -> None:
    page = open_page(ann)
    expect(link(page, "Kitchen")).to_be_visible()
    page.context.set_offline(True)
    expect(page.get_by_text("No connection. Trying again")).to_be_visible()
    expect(link(page, "Kitchen")).to_be_visible()
    picture(page, "wide-list-offline")
    page.context.set_offline(False)
    expect(page.get_by_text("No connection. Trying again")).to_be_hidden(timeout=15_000)
    expect(link(page, "Kitchen")).to_be_visible()


def test_who_is_here_has_a_dot(open_page: OpenPage, ann: Person, bob: Person, room: str) -> None:
    page, other = open_page(ann, path=f"/#/r/{room}"), open_page(bob, path=f"/#/r/{room}")
    expect(page.locator(".room-state")).to_have_text("2 online")
    open_details(page)
    row = page.get_by_role("dialog").get_by_role("listitem").filter(has_text="Bob Okafor")
    expect(row).to_contain_text("member, here now")
    expect(row.locator("[data-here]")).to_be_visible()
    other.get_by_role("button", name="Bob Okafor Profile").click()
    other.get_by_role("button", name="Log out", exact=True).click()
    expect(row).to_contain_text(re.compile("last seen (just now|1 minute ago)"), timeout=10_000)
    expect(row.locator("[data-here]")).to_be_hidden()


def test_a_member_is_offered_only_what_members_may(open_page: OpenPage, bob: Person, room: str) -> None:
    page = open_page(bob, path=f"/#/r/{room}")
    details = open_details(page)
    expect(details.get_by_role("tab")).to_have_text(["People", "Room"])
    expect(more_of(page, "Ann Berg").get_by_role("button")).to_have_text(["Block"])
    page.get_by_role("tab", name="Room").click()
    expect(details.get_by_role("button", name="Leave the room")).to_be_visible()
    expect(details.get_by_role("button", name="Delete the room")).to_be_hidden()
    expect(details.get_by_role("button", name="Rename")).to_be_hidden()


def test_an_owner_gives_out_roles_and_hands_over(open_page: OpenPage, ann: Person, bob: Person, room: str) -> None:
    page = open_page(ann, path=f"/#/r/{room}")
    details = open_details(page)
    row = details.get_by_role("listitem").filter(has_text="Bob Okafor")
    place = more_of(page, "Bob Okafor")
    picture(page, "wide-member-actions")
    place.get_by_role("button", name="Make admin").click()
    expect(row).to_contain_text("admin")
    place.get_by_role("button", name="Make member").click()
    expect(row).to_contain_text("member")
    place.get_by_role("button", name="Hand over").click()
    page.get_by_role("dialog", name="Hand the room over?").get_by_role("button", name="Hand over").click()
    expect(row).to_contain_text("owner")
    expect(details.get_by_role("listitem").filter(has_text="Ann Berg")).to_contain_text("admin, you")
    expect(more_of(page, "Bob Okafor").get_by_role("button")).to_have_text(["Block"])
    assert bob.api("GET", f"rooms/{room}").json()["role"] == "owner"


def test_muting_and_unmuting(open_page: OpenPage, ann: Person, bob: Person, room: str) -> None:
    page = open_page(ann, path=f"/#/r/{room}", size=PHONE)
    details = open_details(page)
    place = more_of(page, "Bob Okafor")
    picture(page, "phone-member-actions")
    place.get_by_role("button", name="10 minutes").click()
    row = details.get_by_role("listitem").filter(has_text="Bob Okafor")
    expect(row).to_contain_text("muted until")
    assert not bob.api("POST", f"rooms/{room}/messages", json={"message": "mmh"}).is_success
    place.get_by_role("button", name="Unmute").click()
    expect(row).not_to_contain_text("muted")
    say(bob, room, "Thank you")


def test_what_becomes_of_me_is_told_at_once(open_page: OpenPage, ann: Person, bob: Person, room: str) -> None:
    page = open_page(bob, path=f"/#/r/{room}")
    say(ann, room, "What Ann says")
    message = page.get_by_role("log").get_by_role("listitem").filter(has_text="What Ann says")
    details = open_details(page)
    me = f"rooms/{room}/members/{bob.id}"
    assert ann.api("PATCH", me, json={"role": "admin"}).is_success
    expect(page.get_by_text("You are now an admin of this room.")).to_be_visible()
    expect(details.get_by_role("tab")).to_have_text(["People", "Invites", "Banned", "Room"])
    details.get_by_role("tab", name="Room").click()
    details.get_by_role("textbox", name="Name").focus()
    assert ann.api("PATCH", me, json={"role": "owner"}).is_success
    expect(details.get_by_role("button", name="Delete the room")).to_be_visible()
    expect(details.get_by_role("tab", name="Room")).to_be_focused()
    assert ann.api("PATCH", me, json={"role": "admin"}).is_success
    expect(details.get_by_role("button", name="Delete the room")).to_be_hidden()
    page.keyboard.press("Escape")
    message.hover()
    expect(message.get_by_role("button", name="Delete")).to_be_visible()

    open_details(page)
    assert ann.api("PUT", f"{me}/mute", json={"minutes": 10}).is_success
    expect(page.get_by_text("You are muted. You may write again in 10 minutes.")).to_be_visible()
    expect(details.get_by_role("listitem").filter(has_text="Bob Okafor")).to_contain_text("muted until")
    picture(page, "wide-muted")
    assert ann.api("DELETE", f"{me}/mute").is_success
    expect(page.get_by_text("You may write again.")).to_be_visible()
    expect(details.get_by_role("listitem").filter(has_text="Bob Okafor")).not_to_contain_text("muted")


def test_news_of_a_member_leave_the_focus_where_it_is(open_page: OpenPage, ann: Person, bob: Person, room: str) -> None:
    page = open_page(ann, path=f"/#/r/{room}")
    details = open_details(page)
    row = details.get_by_role("listitem").filter(has_text="Bob Okafor")
    toggle = row.get_by_role("button", name="What can be done with Bob Okafor")
    for minutes in (10, 7 * 24 * 60):
        toggle.focus()
        assert ann.api("PUT", f"rooms/{room}/members/{bob.id}/mute", json={"minutes": minutes}).is_success
        expect(row).to_contain_text("muted until")
        expect(toggle).to_be_focused()
    expect(row).to_have_text(re.compile("muted until [A-Z][a-z]+ "))  # a day
    toggle.click()
    ban = row.get_by_role("button", name="Ban")
    ban.focus()
    assert ann.api("PATCH", f"rooms/{room}/members/{bob.id}", json={"role": "admin"}).is_success
    expect(row).to_contain_text("admin")
    expect(ban).to_be_focused()


def test_banning_and_unbanning(open_page: OpenPage, ann: Person, bob: Person, room: str) -> None:
    page, other = open_page(ann, path=f"/#/r/{room}"), open_page(bob)
    expect(link(other, "Kitchen")).to_be_visible()
    details = open_details(page)
    more_of(page, "Bob Okafor").get_by_role("button", name="Ban").click()
    question = page.get_by_role("dialog", name="Ban Bob Okafor?")
    question.get_by_role("button", name="Cancel").click()
    expect(question).to_be_hidden()
    assert bob.api("GET", f"rooms/{room}").is_success
    details.get_by_role("button", name="Ban").click()
    page.get_by_role("dialog", name="Ban Bob Okafor?").get_by_role("button", name="Ban").click()
    expect(details.get_by_role("listitem").filter(has_text="Bob Okafor")).to_be_hidden()
    expect(link(other, "Kitchen")).to_be_hidden()
    page.get_by_role("tab", name="Banned").click()
    expect(details.get_by_role("listitem")).to_contain_text("banned by Ann Berg")
    picture(page, "wide-banned")
    details.get_by_role("button", name="Unban").click()
    expect(details.get_by_text("Nobody is banned.")).to_be_visible()


def test_a_refusal_is_told_in_words(open_page: OpenPage, ann: Person, bob: Person, room: str) -> None:
    page = open_page(ann, path=f"/#/r/{room}")
    open_details(page)
    place = more_of(page, "Bob Okafor")
    assert bob.api("POST", f"rooms/{room}/leave").is_success
    place.get_by_role("button", name="1 hour").click()
    expect(place.get_by_role("alert").filter(has_text="No such person in this room.")).to_be_visible()


def test_renaming_leaving_and_deleting(open_page: OpenPage, ann: Person, bob: Person, room: str) -> None:
    page, other = open_page(ann, path=f"/#/r/{room}"), open_page(bob, path=f"/#/r/{room}", size=PHONE)
    details = open_details(page, "Room")
    details.get_by_label("Name", exact=True).fill("")
    details.get_by_role("button", name="Rename").click()
    expect(details.get_by_label("Name", exact=True)).to_have_attribute("aria-invalid", "true")
    details.get_by_label("Name", exact=True).fill("Canteen")
    details.get_by_role("button", name="Rename").click()
    expect(other.get_by_role("heading", name="Canteen")).to_be_visible()
    expect(link(page, "Canteen")).to_be_visible()
    open_details(other, "Room").get_by_role("button", name="Leave the room").click()
    picture(other, "phone-leave")
    other.get_by_role("dialog", name="Leave Canteen?").get_by_role("button", name="Leave").click()
    expect(other.get_by_text("You are in no room yet.")).to_be_visible()
    details.get_by_role("button", name="Delete the room").click()
    picture(page, "wide-delete-room")
    page.get_by_role("button", name="Delete for everybody").click()
    expect(page.get_by_role("heading", name="Pick a room")).to_be_visible()
    expect(link(page, "Canteen")).to_be_hidden()


def test_tabs_are_walked_with_the_arrow_keys(open_page: OpenPage, ann: Person, room: str) -> None:
    page = open_page(ann, path=f"/#/r/{room}")
    open_details(page)
    page.get_by_role("tab", name="People").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("tab", name="Room")).to_be_focused()
    expect(page.get_by_role("tabpanel", name="Room")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tabpanel", name="People")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("button", name="Room details")).to_be_focused()
