"""Names and types of files from strangers."""

import pytest
from pytest_django import Settings

from backend.chat.errors import Code
from backend.chat.media import KINDS, NAME_LENGTH, clean_name, is_picture, picture_name, type_of
from tests.chat.world import refused
from tests.pictures import picture


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("Tea.txt", "Tea.txt"),
        ("/etc/passwd", "passwd"),
        ("C:\\Windows\\win.ini", "win.ini"),
        ("..\\../..", "file"),
        ("", "file"),
        (" . . ", "file"),
        ("a\x00b\r\nc\x7f\x85.txt", "abc.txt"),
        ("gpj\u202eexe\u200b\ufeff.txt", "gpjexe.txt"),
        ("\ud800.txt", "txt"),
        ("cafe\u0301 \u3000 au  lait.txt", "café au lait.txt"),
        ('"a"; filename=b.txt', '"a"; filename=b.txt'),
        ("👩\u200d🚀.txt", "👩🚀.txt"),
        ("x" * 9_999 + ".tar.gz", "x" * 117 + ".gz"),
        ("x" * 9_999, "x" * NAME_LENGTH),
        ("x." + "y" * 9_999, "x." + "y" * 118),
    ],
)
def test_a_clean_name(name: str, cleaned: str) -> None:
    assert clean_name(name) == cleaned


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("tea.JPG", "tea.webp"),
        ("tea.webp", "tea.webp"),
        ("tea", "tea.webp"),
        ("v1.2", "v1.2.webp"),
        ("", "file.webp"),
        ("x" * 999 + ".png", "x" * 115 + ".webp"),
    ],
)
def test_a_picture_is_named_as_what_it_became(name: str, shown: str) -> None:
    assert picture_name(name) == shown


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP"])
def test_a_picture_is_one_by_its_name_or_by_its_content(kind: str) -> None:
    assert is_picture("report.pdf", picture(kind))
    assert is_picture(f"tea.{kind}", b"<html>")
    assert not is_picture("tea.pdf", b"x" + picture(kind))


@pytest.mark.parametrize("ending", sorted(KINDS))
def test_a_type_comes_from_the_name_and_must_fit_the_content(ending: str) -> None:
    kind = KINDS[ending]
    junk = b"<!doctype html><script>"
    if kind.head is None:
        assert type_of(f"a.{ending.upper()}", junk) == kind.type
    else:
        with refused(Code.INVALID, "file"):
            type_of(f"a.{ending}", junk)


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("a.pdf", b"\n%PDF-1.4"),
        ("a.docx", b"PK\x03\x04"),
        ("a.mp4", b"\x00\x00\x00\x18ftypisom"),
        ("a.mp3", b"\xff\xfb\x90"),
    ],
)
def test_content_that_fits(name: str, head: bytes) -> None:
    assert type_of(name, head) == KINDS[name[2:]].type


@pytest.mark.parametrize("name", ["a.html", "a.svg", "a.exe", "a", "", "a.", "a.txt.js", "txt", ".txt/x"])
def test_other_types_are_refused(name: str) -> None:
    with refused(Code.INVALID, "file"):
        type_of(name, b"")


def test_the_setting_says_which_types(settings: Settings) -> None:
    settings.ATTACHMENT_TYPES = ["pdf", "dwg"]
    assert type_of("plan.dwg", b"AC1032") == "application/octet-stream"
    with refused(Code.INVALID, "file"):
        type_of("a.pdf", b"no pdf")
    with refused(Code.INVALID, "file"):
        type_of("a.txt", b"")
