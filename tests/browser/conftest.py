"""Chromium on the demo page of a real server."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.people import PASSWORD, Person
from tests.processes import ROOT
from tests.servers import ChatServer

OUTPUT = ROOT / "tests" / "output"
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
)
WIDE = (1280, 800)
PHONE = (390, 844)

OpenPage = Callable[..., Page]


# Not of the session: while it is open, Playwright runs an event loop in this thread, and other tests want their own.
@pytest.fixture(scope="module")
def browser(chromium: str, node_modules: Path) -> Iterator[Browser]:
    """The browser; only where the demo's npm package is installed, without which the page is a notice."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS.split())
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser, server: ChatServer) -> Iterator[OpenPage]:
    """Opens the demo in a window of its own, logged out or as a person: `open_page(ann, path="/#/r/tea")`.

    No script may fail: errors that nobody caught are asserted at the end.
    """
    errors: list[str] = []
    pages: list[Page] = []

    def open_page(
        person: Person | None = None, *, path: str = "/", size: tuple[int, int] = WIDE, dark: bool = False
    ) -> Page:
        context = browser.new_context(
            base_url=server.url,
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            has_touch=size == PHONE,
        )
        page = context.new_page()
        pages.append(page)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(path)
        if person:
            page.get_by_label("Email").fill(person.email)
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_role("button", name="Log in").click()
            expect(page.get_by_role("navigation", name="Rooms", include_hidden=True)).to_be_attached()
        return page

    yield open_page
    for page in pages:
        page.context.close()
    assert errors == []


def picture(page: Page, name: str) -> None:
    """Keep a screenshot as test output, for people to look at."""
    OUTPUT.mkdir(exist_ok=True)
    page.screenshot(path=OUTPUT / f"demo-{name}.png")
