"""Pictures from strangers: opened carefully, turned upright, stripped of metadata, encoded anew."""

import io
import warnings
from typing import IO

from django.conf import settings
from django.core.exceptions import ValidationError
from PIL import Image, ImageOps

from backend.storage import INVALID, TOO_LARGE, check_size

FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
QUALITY = 85

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


def _decode(file: IO[bytes]) -> Image.Image:
    file.seek(0)
    with Image.open(file, formats=FORMATS) as probe:
        probe.verify()
    file.seek(0)  # verify() leaves an image that can't be read
    with Image.open(file, formats=FORMATS) as image:
        upright = ImageOps.exif_transpose(image)
        plain = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    plain.info.clear()
    return plain
