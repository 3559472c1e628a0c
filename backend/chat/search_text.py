"""What counts as a word in a search: in the question, and in the text that is shown as found.

The index (migration 0004_search) parts texts by the same rules.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from html import escape
from itertools import chain, count, islice
from typing import NamedTuple

SNIPPET_LENGTH = 200  # characters of the text
SNIPPET_LEAD = 40  # of them before the first match
SIGNS = ((0x2E80, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF))  # scripts without spaces: each sign is a word


class Span(NamedTuple):
    start: int
    end: int


class Term(NamedTuple):
    """Words that stand next to each other in what is looked for: `tea`, or `example` and `com`."""

    words: tuple[str, ...]
    prefix: bool  # the last of them may be the beginning of a longer one

    def matches(self, words: Sequence[str]) -> bool:
        *whole, last = self.words
        if len(words) < len(self.words) or list(words[: len(whole)]) != whole:
            return False
        found = words[len(whole)]
        return found.startswith(last) if self.prefix else found == last


def fold(text: str) -> str:
    """Without accents, compatibility forms and capitals: `Café` is `cafe`."""
    bare = (sign for sign in unicodedata.normalize("NFKD", text) if not "\u0300" <= sign <= "\u036f")
    return unicodedata.normalize("NFC", "".join(bare)).lower()


def terms(question: str) -> list[Term]:
    """What is asked for, each once; the last one is what somebody may still be typing. Nothing but words counts."""
    groups = [tuple(part[span.start : span.end] for span in _words(part)) for part in question.split()]
    groups = [group for group in groups if group]
    return [Term(group, prefix=False) for group in dict.fromkeys(groups[:-1])] + [
        Term(group, prefix=True) for group in groups[-1:]
    ]


def snippet(text: str, wanted: Sequence[Term]) -> str:
    """The part of a text around its first match, as HTML: matches between `<mark>` and `</mark>`, all else escaped."""
    marks = _marks(text, wanted)
    first = next(marks, Span(0, 0))
    start = max(first.start - SNIPPET_LEAD, 0) if first.end > SNIPPET_LENGTH else 0
    end = start + SNIPPET_LENGTH
    pieces = ["…"] if start else []
    place = start
    for mark in chain([first] if first.end else [], marks):
        if mark.start >= end:
            break
        pieces += [escape(text[place : mark.start]), "<mark>", escape(text[mark.start : min(mark.end, end)]), "</mark>"]
        place = mark.end
    pieces.append(escape(text[place:end]))
    if end < len(text):
        pieces.append("…")
    return "".join(pieces)


def _marks(text: str, wanted: Sequence[Term]) -> Iterator[Span]:
    """What to mark, from left to right, without overlaps; looks no further than it is asked for."""
    longest = max((len(term.words) for term in wanted), default=1)
    ahead = _words(text)
    spans: list[Span] = []
    words: list[str] = []
    place = 0
    for index in count():
        for span in islice(ahead, index + longest - len(spans)):
            spans.append(span)
            words.append(fold(text[span.start : span.end]))
        if index == len(spans):
            return
        span = spans[index]
        if span.start < place:
            continue
        lengths = [len(term.words) for term in wanted if term.matches(words[index : index + len(term.words)])]
        if lengths:
            place = spans[index + max(lengths) - 1].end
            yield Span(span.start, place)


def _words(text: str) -> Iterator[Span]:
    start: int | None = None
    for place, sign in enumerate(text):
        inside = unicodedata.category(sign)[0] in "LNM"
        alone = inside and any(first <= ord(sign) <= last for first, last in SIGNS)
        if start is not None and (alone or not inside):
            yield Span(start, place)
            start = None
        if alone:
            yield Span(place, place + 1)
        elif inside and start is None:
            start = place
    if start is not None:
        yield Span(start, len(text))
