"""What counts as a word, and the snippets of what was found."""

import re
from html import escape, unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.chat import search_text
from backend.chat.search_text import SNIPPET_LENGTH, Term, fold, snippet, terms


def found(text: str, question: str) -> str:
    return snippet(text, terms(fold(question)))


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Tea", [(("tea",), True)]),
        ("green tea", [(("green",), False), (("tea",), True)]),
        ("tea tea tea", [(("tea",), False), (("tea",), True)]),
        ('"green tea" | -OR & !x:* (', [(w, False) for w in (("green",), ("tea",), ("or",))] + [(("x",), True)]),
        ("a.b@example.com", [(("a", "b", "example", "com"), True)]),
        ("Crème BRÛLÉE", [(("creme",), False), (("brulee",), True)]),
        ("天气 好", [(("天", "气"), False), (("好",), True)]),
        ("iPhone手机", [(("iphone", "手", "机"), True)]),
        ("हिन्दी", [(("हिन्दी",), True)]),
        ("👍 ''--** … ・", []),
    ],
)
def test_terms(question: str, expected: list[tuple[tuple[str, ...], bool]]) -> None:
    assert terms(fold(question)) == [Term(*term) for term in expected]


@pytest.mark.parametrize(
    ("text", "question", "expected"),
    [
        ("Green tea, teapot", "tea", "Green <mark>tea</mark>, <mark>teapot</mark>"),
        ("Green tea, teapot", "tea green", "<mark>Green</mark> <mark>tea</mark>, teapot"),
        ("A crème brûlée", "CREME", "A <mark>crème</mark> brûlée"),
        ("<b>tea</b> & 'x'", "tea", "&lt;b&gt;<mark>tea</mark>&lt;/b&gt; &amp; &#x27;x&#x27;"),
        ("<mark>x</mark> tea", "tea", "&lt;mark&gt;x&lt;/mark&gt; <mark>tea</mark>"),
        ("ask a.b@example.com or b", "b@example.co", "ask a.<mark>b@example.com</mark> or b"),
        ("今天天气很好", "天气", "今天<mark>天气</mark>很好"),
        ("no such word", "tea", "no such word"),
        ("", "tea", ""),
    ],
)
def test_snippet(text: str, question: str, expected: str) -> None:
    assert found(text, question) == expected


def test_snippet_is_around_the_first_match() -> None:
    text = "x " * 300 + "tea " + "y " * 300
    cut = found(text, "tea")
    assert cut == f"…{'x ' * 20}<mark>tea</mark>{' y' * 78} …"
    assert found("t" * 4_000, "t") == f"<mark>{'t' * SNIPPET_LENGTH}</mark>…"


def test_a_snippet_looks_no_further_than_it_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[str] = []

    def watched(word: str) -> str:
        looked_at.append(word)
        return word

    monkeypatch.setattr(search_text, "fold", watched)
    assert snippet("tea " * 1_000, [Term(("tea",), prefix=True)]).count("<mark>") == 50
    assert len(looked_at) == 51
    assert snippet("x " * 1_000 + "tea " * 1_000, [Term(("tea",), prefix=True)]).count("<mark>") == 40
    assert len(looked_at) == 51 + 1_041


@given(text=st.text(max_size=400), question=st.text(max_size=30))
def test_snippet_is_always_a_part_of_the_text_with_marks(text: str, question: str) -> None:
    cut = found(text, question)
    bare = re.sub(r"</?mark>", "", cut)
    plain = unescape(bare)
    assert escape(plain) == bare
    assert plain.strip("…") in text
    assert len(plain) <= SNIPPET_LENGTH + 2
    assert cut.count("<mark>") == cut.count("</mark>") <= len(plain)
