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


def album(*sizes: tuple[int, int]) -> bytes:
    """A JPEG that holds several pictures (MPO), as some cameras make them."""
    first, *others = [Image.new("RGB", size, "red") for size in sizes]
    buffer = io.BytesIO()
    first.save(buffer, "MPO", save_all=True, append_images=others)
    return buffer.getvalue()


def moving_picture(frames: int, kind: str = "GIF", size: tuple[int, int] = (30, 20), **options: object) -> bytes:
    """Each frame has another colour and lasts 50 ms."""
    images = [Image.new("RGB", size, (number * 83 % 256, number * 151 % 256, 0)) for number in range(frames)]
    buffer = io.BytesIO()
    images[0].save(buffer, kind, save_all=True, append_images=images[1:], duration=50, loop=0, **options)
    return buffer.getvalue()
