"""What one can do with messages in the demo: answer, mention, react, pin, attach, find them again."""

import contextlib
import io
import re

import pytest
from PIL import Image
from playwright.sync_api import Error, FilePayload, JSHandle, Locator, Page, Route, expect

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


def box(page: Page) -> Locator:
    return page.get_by_label("Message", exact=True)


def say(page: Page, text: str) -> None:
    box(page).fill(text)
    box(page).press("Enter")


def message(page: Page, text: str) -> Locator:
    """The message whose own text that is."""
    return page.get_by_role("log").locator(".msg").filter(has=page.locator(".msg-text", has_text=text))


def online(page: Page) -> None:
    expect(page.locator(".room-state")).to_contain_text("online")


def post(person: Person, room: str, text: str, **more: object) -> dict[str, object]:
    answer = person.api("POST", f"rooms/{room}/messages", json={"message": text, **more})
    answer.raise_for_status()
    body: dict[str, object] = answer.json()
    return body


def write_much(person: Person, room: str, count: int) -> None:
    """So much that a page does not hold what came before."""
    for number in range(count):
        post(person, room, f"Line {number}")


def test_a_reply_shows_what_it_answers_and_follows_its_changes(
    open_page: OpenPage, ann: Person, bob: Person, room: str
) -> None:
    post(bob, room, "Who brings the cake?")
    page, phone = open_page(ann, path=f"/#/r/{room}"), open_page(bob, path=f"/#/r/{room}", size=PHONE, dark=True)
    online(phone)
    message(page, "Who brings the cake?").hover()
    message(page, "Who brings the cake?").get_by_role("button", name="Reply").click()
    expect(page.locator(".reply-bar")).to_contain_text("Who brings the cake?")
    expect(box(page)).to_be_focused()
    picture(page, "wide-reply-bar")
    say(page, "I do")
    expect(page.locator(".reply-bar")).to_be_hidden()
    expect(message(phone, "I do").locator(".quote")).to_have_text("YouWho brings the cake?")
    picture(phone, "phone-reply")

    box(phone).press("ArrowUp")
    phone.get_by_label("Edit message").fill("Who brings the tart?")
    phone.get_by_label("Edit message").press("Enter")
    expect(message(page, "I do").locator(".quote")).to_have_text("Bob OkaforWho brings the tart?")
    message(page, "I do").get_by_role("button", name="Who brings the tart?").click()
    expect(message(page, "Who brings the tart?")).to_be_focused()
    message(phone, "Who brings the tart?").tap()
    picture(phone, "phone-tools")
    message(phone, "Who brings the tart?").get_by_role("button", name="Delete").tap()
    picture(phone, "phone-delete")
    phone.get_by_role("dialog").get_by_role("button", name="Delete").tap()
    expect(message(page, "I do").locator(".quote")).to_contain_text("Message deleted")
    expect(phone.locator(".msg").first).to_be_focused()


def test_mentions_are_completed_and_stand_out(open_page: OpenPage, ann: Person, bob: Person, room: str) -> None:
    ann.make_room("Garden")
    page, other = open_page(ann, path=f"/#/r/{room}"), open_page(bob, path=f"/#/r/{room}", dark=True)
    online(page)
    box(page).press_sequentially("Ask @oka")
    expect(page.get_by_role("option")).to_have_text([re.compile("Bob Okafor")])
    picture(page, "wide-mention")
    box(page).press("Enter")
    expect(box(page)).to_have_value("Ask @Bob Okafor ")
    box(page).press_sequentially("about it")
    page.get_by_role("link", name="Garden").click()
    expect(page.get_by_role("heading", name="Garden")).to_be_visible()
    expect(box(page)).to_have_value("")
    page.get_by_role("link", name="Kitchen").click()
    expect(box(page)).to_have_value("Ask @Bob Okafor about it")  # what is not sent waits
    online(page)
    box(page).press("Enter")
    expect(message(other, "Ask").locator(".mention.me")).to_have_text("@Bob Okafor")
    expect(message(page, "Ask").locator(".mention")).to_have_text("@Bob Okafor")
    items = bob.api("GET", f"rooms/{room}/messages").json()["items"]
    assert items[-1]["mention_ids"] == [bob.id]
    picture(other, "wide-mentioned")


def test_an_emoji_is_picked_by_keyboard(open_page: OpenPage, ann: Person, bob: Person, room: str) -> None:
    post(ann, room, "Cake is here")
    page, other = open_page(bob, path=f"/#/r/{room}", size=PHONE), open_page(ann, path=f"/#/r/{room}")
    online(other)
    row = message(page, "Cake is here")
    row.focus()
    page.keyboard.press("Tab")
    expect(row.get_by_role("button", name="React")).to_be_focused()
    page.keyboard.press("Enter")
    picker = page.get_by_role("dialog", name="Choose an emoji")
    expect(picker.get_by_role("button").first).to_be_focused()
    picture(page, "phone-emoji")
    page.keyboard.press("Escape")
    expect(picker).to_be_hidden()
    expect(row.get_by_role("button", name="React")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(row.locator(".reaction")).to_have_text("❤️1")
    expect(row).to_be_focused()

    message(other, "Cake is here").hover()
    message(other, "Cake is here").get_by_role("button", name="React").click()
    picker = other.get_by_role("dialog", name="Choose an emoji")
    picker.get_by_role("tab", name="Food").click()
    picture(other, "wide-emoji")
    picker.get_by_role("button", name="🍰").click()
    expect(message(page, "Cake is here").locator(".reaction")).to_have_text(["❤️1", "🍰1"])
    message(other, "Cake is here").get_by_role("button", name="❤️").click()
    expect(message(page, "Cake is here").locator(".reaction").first).to_have_text("❤️2")
    other.get_by_role("button", name="Insert an emoji").click()
    picker.get_by_role("button", name="🎉").click()
    expect(box(other)).to_have_value("🎉")
    expect(box(other)).to_be_focused()


def photo(color: str) -> FilePayload:
    picture = io.BytesIO()
    Image.new("RGB", (640, 400), color).save(picture, "PNG")
    return {"name": f"{color}.png", "mimeType": "image/png", "buffer": picture.getvalue()}


CAN_SHOW = """src => new Promise(resolve => {
    const picture = new Image();
    picture.onload = () => resolve(true);
    picture.onerror = () => resolve(false);
    picture.src = src;
})"""
REPORT: FilePayload = {"name": "report.txt", "mimeType": "text/plain", "buffer": b"All is well.\n" * 1_000}


def transfer_of(page: Page, *files: FilePayload) -> JSHandle:
    """What the browser gives to a page that files are dropped on or pasted into."""
    data = [[each["name"], each["mimeType"], list(each["buffer"])] for each in files]
    return page.evaluate_handle(
        """files => {
            const transfer = new DataTransfer();
            for (const [name, type, bytes] of files)
                transfer.items.add(new File([new Uint8Array(bytes)], name, {type}));
            return transfer;
        }""",
        data,
    )


def drop(page: Page, *files: FilePayload) -> None:
    """Drag files over the room and let go of them there."""
    transfer = transfer_of(page, *files)
    page.dispatch_event(".room-body", "dragenter", {"dataTransfer": transfer})
    expect(page.get_by_text("Drop files to send them")).to_be_visible()
    page.dispatch_event(".room-body", "drop", {"dataTransfer": transfer})
    expect(page.get_by_text("Drop files to send them")).to_be_hidden()


def paste(page: Page, *files: FilePayload, text: str = "") -> None:
    """Paste files, or text with pictures of it, as a spreadsheet gives it."""
    transfer = transfer_of(page, *files)
    if text:
        for kind in ("text/plain", "text/html"):
            transfer.evaluate("(transfer, [kind, text]) => transfer.setData(kind, text)", [kind, text])
    box(page).evaluate(
        "(box, clipboardData) => box.dispatchEvent(new ClipboardEvent('paste', {clipboardData, bubbles: true}))",
        transfer,
    )


def test_pictures_and_files_go_along(open_page: OpenPage, ann: Person, bob: Person, room: str) -> None:
    page, phone = open_page(ann, path=f"/#/r/{room}"), open_page(bob, path=f"/#/r/{room}", size=PHONE, dark=True)
    online(phone)
    drop(page, photo("teal"))
    paste(page, REPORT)
    paste(page, photo("plum"), text="A table's cells")
    expect(page.locator(".upload")).to_have_count(2)
    expect(page.get_by_role("button", name="Send")).to_be_enabled()
    picture(page, "wide-uploads")
    say(page, "The view, and the report")
    expect(page.locator(".upload")).to_have_count(0)
    row = message(phone, "The view")
    expect(row.locator(".picture:not(.loading) img")).to_have_attribute("src", re.compile("^blob:"))
    picture(phone, "phone-attachments")
    picture(page, "wide-attachments")

    row.locator(".picture").tap()
    large = phone.get_by_role("dialog", name="teal")
    expect(large.locator(".stage img")).to_be_visible()
    picture(phone, "phone-large")
    large.get_by_role("button", name="Close").tap()
    with phone.expect_download() as saved:
        row.get_by_role("button", name="Download report.txt").tap()
    assert saved.value.suggested_filename == "report.txt"
    assert saved.value.path().read_bytes() == REPORT["buffer"]

    preview = row.locator(".picture img").get_attribute("src")
    assert phone.evaluate(CAN_SHOW, preview)
    message(page, "The view").hover()
    message(page, "The view").get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(phone.get_by_role("log")).to_contain_text("Message deleted")
    assert not phone.evaluate(CAN_SHOW, preview), "the browser keeps no picture of a message that is gone"


def test_an_upload_is_cancelled_or_tried_again(open_page: OpenPage, ann: Person, room: str) -> None:
    page = open_page(ann, path=f"/#/r/{room}", size=PHONE)
    online(page)
    waiting: list[Route] = []
    page.route("**/api/attachments", lambda route: waiting.append(route))  # Playwright marks its handlers: no built-in
    page.get_by_label("Files", exact=True).set_input_files([photo("teal"), photo("plum"), REPORT])
    expect(page.get_by_role("progressbar", name="Uploading")).to_have_count(3)
    expect(page.get_by_role("button", name="Send")).to_be_disabled()
    picture(page, "phone-uploading")
    page.get_by_role("button", name="Cancel: plum.png").click()
    expect(page.locator(".upload")).to_have_count(2)
    for route in waiting:
        with contextlib.suppress(Error):  # the cancelled one has ended already
            route.abort()
    expect(page.locator(".upload")).to_contain_text(["can't be reached", "can't be reached"])
    expect(page.locator(".composer-note")).to_contain_text("Try the failed upload again")
    picture(page, "phone-upload-failed")
    page.unroute("**/api/attachments")
    page.get_by_role("button", name="Try again: teal.png").click()
    page.get_by_role("button", name="Remove: report.txt").click()
    expect(page.get_by_role("button", name="Send")).to_be_enabled()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("log").locator(".picture")).to_have_count(1)


def test_a_refused_file_is_told(open_page: OpenPage, ann: Person, room: str) -> None:
    page = open_page(ann, path=f"/#/r/{room}")
    page.get_by_label("Files", exact=True).set_input_files(
        {"name": "run.exe", "mimeType": "application/x-msdownload", "buffer": b"MZ"}
    )
    expect(page.locator(".upload .error")).to_contain_text("not accepted")
    expect(page.locator(".composer-note")).to_contain_text("Remove the file")
    expect(page.get_by_role("button", name="Try again")).to_be_hidden()
    expect(page.get_by_role("button", name="Send")).to_be_disabled()
    picture(page, "wide-upload-refused")


def test_a_pinned_message_is_found_from_far_below(open_page: OpenPage, ann: Person, bob: Person, room: str) -> None:
    page, other = open_page(ann, path=f"/#/r/{room}"), open_page(bob, path=f"/#/r/{room}", size=PHONE, dark=True)
    online(page)
    say(page, "The door code is 4711")
    message(page, "4711").hover()
    message(page, "4711").get_by_role("button", name="Pin").click()
    expect(message(other, "4711")).to_contain_text("pinned")
    write_much(ann, room, 110)
    page.reload()
    expect(message(page, "Line 109")).to_be_in_viewport()
    expect(message(page, "4711")).to_have_count(0)
    page.get_by_role("button", name="Pinned messages").click()
    picture(page, "wide-pins")
    other.get_by_role("button", name="Pinned messages").tap()
    expect(other.get_by_role("dialog").get_by_role("button", name="Unpin")).to_have_count(0)
    expect(other.get_by_role("dialog")).to_contain_text("4711")
    picture(other, "phone-pins")
    page.get_by_role("dialog").get_by_role("button", name="4711").click()
    expect(message(page, "4711")).to_be_in_viewport()
    expect(message(page, "4711")).to_be_focused()
    expect(page.get_by_role("button", name="To the newest messages")).to_be_visible()
    picture(page, "wide-jumped")
    post(bob, room, "Line 110")  # nothing of it here: the log would have a hole
    read_on(page, "Line 110")
    texts = page.get_by_role("log").locator(".msg-text").all_inner_texts()
    assert texts == ["The door code is 4711", *(f"Line {number}" for number in range(111))]
    expect(page.get_by_role("button", name="To the newest messages")).to_be_hidden()

    page.get_by_role("button", name="Pinned messages").click()
    page.get_by_role("dialog").get_by_role("button", name="4711").click()
    expect(message(page, "4711")).to_be_in_viewport()
    say(page, "Back at the end")
    expect(message(page, "Back at the end")).to_be_in_viewport()
    page.get_by_role("button", name="Pinned messages").click()
    page.get_by_role("dialog").get_by_role("button", name="Unpin").click()
    expect(page.get_by_role("dialog")).to_contain_text("Nothing is pinned here.")


def read_on(page: Page, last: str) -> None:
    """Scroll to the lower end as often as more comes in there, until that message has come."""
    scroller = page.get_by_role("region", name="Messages, scroll up")
    while not message(page, last).count():
        count = page.locator(".msg").count()
        scroller.evaluate("node => { node.scrollTop = node.scrollHeight }")
        expect(page.locator(".msg").nth(count)).to_be_attached()


def test_words_are_searched_here_and_everywhere(open_page: OpenPage, ann: Person, bob: Person, room: str) -> None:
    elsewhere = ann.make_room("Garden", kind="private")
    post(bob, room, "The <b>marmalade</b> is finished")
    post(ann, elsewhere, "Marmalade oranges & lemons")
    write_much(ann, room, 60)
    page = open_page(ann, path=f"/#/r/{room}")
    online(page)
    page.get_by_label("Conversation").get_by_role("button", name="Search messages").click()
    page.get_by_label("Search messages", exact=True).last.fill("marmal")
    found = page.get_by_role("dialog").locator(".found-message")
    expect(found).to_have_count(1)
    expect(found.locator("mark")).to_have_text(re.compile("marmal"))
    expect(found).to_contain_text("The <b>marmalade</b> is finished")
    page.get_by_label("All rooms").check()
    expect(found).to_have_count(2)
    picture(page, "wide-search")
    found.filter(has_text="finished").click()
    expect(message(page, "finished")).to_be_in_viewport()
    page.get_by_role("button", name="Search all messages").click()
    page.get_by_role("searchbox").fill("orang")
    found.click()
    expect(page.get_by_role("heading", name="Garden")).to_be_visible()
    expect(message(page, "oranges & lemons")).to_be_focused()
    page.get_by_role("button", name="Search all messages").click()
    page.get_by_role("searchbox").fill("nowhere to be found")
    expect(page.get_by_role("dialog")).to_contain_text("No message has all these words.")


def test_it_shows_who_has_read_up_to_where(open_page: OpenPage, ann: Person, bob: Person, room: str) -> None:
    page = open_page(ann, path=f"/#/r/{room}")
    say(page, "Anybody there?")
    expect(message(page, "Anybody there?").get_by_label("sent")).to_be_visible()
    expect(page.locator(".readers")).to_have_count(0)
    other = open_page(bob, path=f"/#/r/{room}", size=PHONE)
    expect(page.locator(".readers")).to_contain_text("Read by Bob Okafor")
    expect(message(page, "Anybody there?").get_by_label("sent, read")).to_be_visible()
    picture(page, "wide-read")
    say(other, "Me")
    expect(message(page, "Me")).to_be_visible()
    expect(page.locator(".readers")).to_have_count(0)
    expect(other.locator(".readers")).to_contain_text("Read by Ann Berg")
    picture(other, "phone-read")


def test_an_upload_shows_how_far_it_is(open_page: OpenPage, ann: Person, room: str) -> None:
    page = open_page(ann, path=f"/#/r/{room}")
    online(page)
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 200_000}
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", slow)
    large: FilePayload = {"name": "book.txt", "mimeType": "text/plain", "buffer": b"A word. " * 250_000}
    page.get_by_label("Files", exact=True).set_input_files(large)
    expect(page.locator(".upload")).to_contain_text(re.compile(r"[1-9]\d? % of 2.0 MB"))
    picture(page, "wide-upload-progress")
    part = page.get_by_role("progressbar", name="Uploading book.txt").evaluate("bar => bar.position")
    assert 0 < part < 1
    page.get_by_role("button", name="Cancel: book.txt").click()
    expect(page.locator(".upload")).to_have_count(0)
    expect(page.get_by_role("button", name="Send")).to_be_enabled()


def test_a_quote_leads_to_a_message_far_above(open_page: OpenPage, ann: Person, bob: Person, room: str) -> None:
    first = post(bob, room, "Where it began")
    write_much(bob, room, 60)
    post(ann, room, "Remember?", reply_to=first["id"])
    page = open_page(ann, path=f"/#/r/{room}", size=PHONE)
    quote = message(page, "Remember?").get_by_role("button", name="Where it began")
    expect(quote).to_be_in_viewport()
    page.context.set_offline(True)
    expect(page.locator(".room-state")).to_contain_text("Connection lost")
    quote.click()
    expect(page.locator(".notice.error")).to_have_text("Not connected.")
    page.context.set_offline(False)
    online(page)
    quote.click()
    expect(message(page, "Where it began")).to_be_focused()
    expect(message(page, "Where it began")).to_be_in_viewport()
    picture(page, "phone-jumped")
    page.get_by_role("button", name="To the newest messages").click()
    expect(quote).to_be_in_viewport()


def test_an_address_names_a_message(open_page: OpenPage, ann: Person, bob: Person, room: str) -> None:
    first = post(bob, room, "Where it began")
    write_much(bob, room, 60)
    page = open_page(ann, path=f"/#/r/{room}/{first['seq']}")
    expect(message(page, "Where it began")).to_be_focused()
    page.get_by_role("link", name="Kitchen").click()
    expect(message(page, "Line 59")).to_be_in_viewport()
