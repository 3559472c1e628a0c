"""One emoji, whatever keyboard it was typed on."""

import pytest
from emoji import EMOJI_DATA, STATUS

from backend.chat.emojis import VARIATION, one_emoji
from backend.chat.models import Reaction


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("👍", "👍"),
        ("👍🏽", "👍🏽"),
        ("👍\ufe0f", "👍"),
        ("❤", "❤️"),
        ("❤️", "❤️"),
        ("1⃣", "1️⃣"),
        ("👨‍👩‍👧‍👦", "👨‍👩‍👧‍👦"),
        ("🏳‍🌈", "🏳️‍🌈"),
        ("🇺🇳", "🇺🇳"),
    ],
)
def test_every_form_is_kept_in_one(typed: str, kept: str) -> None:
    assert one_emoji(typed) == kept


@pytest.mark.parametrize(
    "text", ["", " ", "a", "1", "#", "ok", ":+1:", "👍👍", "👍 ", "👍a", "🏽", "🇺", "\ufe0f", "\u200d", "\0", "🦰"]
)
def test_what_is_not_exactly_one(text: str) -> None:
    with pytest.raises(ValueError, match="exactly one emoji"):
        one_emoji(text)


def test_all_that_there_are() -> None:
    longest = 0
    for form, about in EMOJI_DATA.items():
        if about["status"] == STATUS["component"]:
            continue
        kept = one_emoji(form)
        assert EMOJI_DATA[kept]["status"] == STATUS["fully_qualified"]
        assert one_emoji(kept) == one_emoji(kept.replace(VARIATION, "")) == kept
        longest = max(longest, len(kept))
    assert longest <= (Reaction._meta.get_field("emoji").max_length or 0)
