"""Pictures made here, byte by byte, and files that only pretend to be some."""

import io

from PIL import Image


def picture(kind: str = "PNG", size: tuple[int, int] = (60, 40), mode: str = "RGB", **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size, "red" if mode != "1" else 1).save(buffer, kind, **options)
    return buffer.getvalue()


def bomb(side: int = 5_100) -> bytes:
    """26 million pixels, or more, in a few KB."""
    return picture("PNG", (side, side), mode="1")
