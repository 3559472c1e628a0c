"""Pictures from strangers: opened carefully, turned upright, stripped of metadata, encoded anew."""

import io
import warnings
from itertools import count
from math import sqrt
from typing import IO, NamedTuple

from django.conf import settings
from django.core.exceptions import ValidationError
from PIL import Image, ImageOps

from backend.storage import INVALID, TOO_LARGE, check_size

FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
MOVING = ("PNG", "GIF", "WEBP")  # a JPEG of several pictures is an album
QUALITY = 85
MAX_FRAMES = 300  # of a moving picture

# Pillow only warns of a bomb between once and twice its limit.
Image.MAX_IMAGE_PIXELS = settings.MAX_IMAGE_PIXELS
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)


def open_image(file: IO[bytes]) -> Image.Image:
    """The first frame, upright, as RGB or RGBA, without metadata.

    Raises ValidationError `too_large` (bytes or pixels) or `invalid` (not a whole picture of an allowed format).
    """
    check_size(file)
    try:
        return _decode(file)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        limit = settings.MAX_IMAGE_PIXELS / 1_000_000
        raise ValidationError(f"The picture has more than {limit:g} million pixels.", code=TOO_LARGE) from error
    except Exception as error:  # a decoder raises anything on bytes made to hurt it
        names = ", ".join(FORMATS)
        raise ValidationError(f"The file is damaged or not a picture ({names}).", code=INVALID) from error


class Animation(NamedTuple):
    frames: list[Image.Image]  # upright, without metadata, all of one size
    durations: list[int]  # milliseconds
    loop: int  # 0: for ever


def open_animation(file: IO[bytes], *, pixels: int) -> Animation | None:
    """All frames of a moving picture that `open_image` took, scaled down until they have `pixels` together at most.

    None for a picture that does not move, and for one that had better not: so many are its frames or pixels, or of
    several sizes its frames.
    """
    frames: list[Image.Image] = []
    durations: list[int] = []
    try:
        file.seek(0)
        with Image.open(file, formats=MOVING) as image:
            if not getattr(image, "is_animated", False):
                return None
            for number in count():
                try:
                    image.seek(number)
                except EOFError:
                    break
                if number == MAX_FRAMES or (number + 1) * image.width * image.height > settings.MAX_IMAGE_PIXELS:
                    return None
                frames.append(_plain(image))
                durations.append(min(max(int(image.info.get("duration") or 100), 20), 10_000))
            loop = int(image.info.get("loop", 1))
    except Exception:  # as above: the first frame is good, a later one may hurt
        return None
    if len({frame.size for frame in frames}) > 1:
        return None
    width, height = frames[0].size
    side = int(max(width, height) * min(1.0, sqrt(pixels / (len(frames) * width * height))))
    return Animation([within(frame, max(side, 1)) for frame in frames], durations, loop)


def square(image: Image.Image, side: int) -> Image.Image:
    """The middle of the picture, cut and scaled to `side` x `side` pixels."""
    return ImageOps.fit(image, (side, side), Image.Resampling.LANCZOS)


def within(image: Image.Image, side: int) -> Image.Image:
    """The whole picture, scaled down until its longer side has at most `side` pixels; never up."""
    longer = max(image.size)
    if longer <= side:
        return image
    width, height = (max(1, round(length * side / longer)) for length in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS)


def encode(image: Image.Image) -> bytes:
    """The picture as WebP."""
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=QUALITY)
    return buffer.getvalue()


def encode_animation(animation: Animation) -> bytes:
    """The moving picture as WebP."""
    buffer = io.BytesIO()
    first, *others = animation.frames
    first.save(
        buffer,
        "WEBP",
        save_all=True,
        append_images=others,
        duration=animation.durations,
        loop=animation.loop,
        quality=QUALITY,
        method=0,  # a few per cent larger, and much less work
    )
    return buffer.getvalue()


def _decode(file: IO[bytes]) -> Image.Image:
    file.seek(0)
    with Image.open(file, formats=FORMATS) as probe:
        probe.verify()
    file.seek(0)  # verify() leaves an image that can't be read
    with Image.open(file, formats=FORMATS) as image:
        return _plain(image)


def _plain(image: Image.Image) -> Image.Image:
    upright = ImageOps.exif_transpose(image)
    plain = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    plain.info.clear()
    return plain
