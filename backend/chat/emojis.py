"""What counts as one emoji."""

from emoji import EMOJI_DATA, STATUS
from pydantic_core import PydanticCustomError

VARIATION = "\ufe0f"  # asks for the colourful form; some keyboards leave it out, others always add it

_FORMS = {
    form.replace(VARIATION, ""): form
    for form, about in EMOJI_DATA.items()
    if about["status"] == STATUS["fully_qualified"]  # skin tones and hair by themselves are not
}


def one_emoji(text: str) -> str:
    """An emoji in its full form, so that it counts as one however it was typed; ValueError for anything else."""
    form = _FORMS.get(text.replace(VARIATION, ""))
    if form is None:
        raise PydanticCustomError("emoji", "Send exactly one emoji.")
    return form
