"""Pictures as strangers send them, made here byte by byte."""

import io
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from PIL import Image
from pytest_django import Settings

from backend.images import encode, encode_animation, open_animation, open_image, square, within
from tests.pictures import album, moving_picture, picture

RED, BLUE = (255, 0, 0), (0, 0, 255)
ORIENTATION, GPS = 0x0112, 0x8825


def refusal(content: bytes) -> ValidationError:
    with pytest.raises(ValidationError) as caught:
        open_image(io.BytesIO(content))
    return caught.value


def close_to(pixel: object, colour: tuple[int, int, int]) -> bool:
    assert isinstance(pixel, tuple)
    return all(abs(one - other) < 40 for one, other in zip(pixel[:3], colour, strict=True))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP"])
def test_allowed_format_opens(kind: str) -> None:
    image = open_image(io.BytesIO(picture(kind)))
    assert image.size == (60, 40)
    assert close_to(image.getpixel((30, 20)), RED)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "CMYK", "RGBA", "I;16"])
def test_every_colour_mode_becomes_plain(mode: str) -> None:
    kind = "JPEG" if mode == "CMYK" else "PNG"
    buffer = io.BytesIO()
    Image.new(mode, (20, 10)).save(buffer, kind)
    assert open_image(buffer).mode in {"RGB", "RGBA"}


@pytest.mark.parametrize(
    "content",
    [
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b"<!doctype html><script>alert(1)</script>",
        b"\x89PNG\r\n\x1a\n",
        b"\x00" * 5_000,
        b"GIF89a" + b"\xff" * 40,
        picture("PNG", (200, 200))[:-30],
        picture("JPEG", (400, 400))[:-400],
        picture("WEBP", (400, 400))[:-20],
        picture("BMP"),
        picture("TIFF"),
        picture("ICO"),
    ],
    ids=["svg", "html", "png head", "zeros", "gif head", "cut png", "cut jpeg", "cut webp", "bmp", "tiff", "ico"],
)
def test_other_and_damaged_files_are_invalid(content: bytes) -> None:
    error = refusal(content)
    assert error.code == "invalid"
    assert "JPEG, PNG, GIF, WEBP" in error.message


def test_empty_file_is_invalid() -> None:
    error = refusal(b"")
    assert (error.code, error.message) == ("invalid", "The file is empty.")


@pytest.mark.parametrize("side", [5_100, 9_000], ids=["just over", "far over"])
def test_bomb_is_too_large(side: int) -> None:
    """26 and 81 million pixels in under 40 KB: Pillow itself would only warn of the first."""
    bomb = picture("PNG", (side, side), mode="1")
    assert len(bomb) < 40_000
    error = refusal(bomb)
    assert error.code == "too_large"
    assert "25 million pixels" in error.message


def test_too_many_bytes_are_too_large(settings: Settings) -> None:
    settings.MAX_UPLOAD_MB = 1
    error = refusal(picture("PNG") + b"\x00" * 1024 * 1024)
    assert (error.code, error.message) == ("too_large", "The file is larger than 1 MB.")


def test_first_frame_of_an_animation() -> None:
    buffer = io.BytesIO()
    frames = [Image.new("RGB", (30, 30), colour) for colour in (RED, BLUE, BLUE)]
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    stored = Image.open(io.BytesIO(encode(open_image(buffer))))
    assert getattr(stored, "n_frames", 1) == 1
    assert close_to(stored.convert("RGB").getpixel((15, 15)), RED)


def test_turned_photo_stands_upright() -> None:
    """Orientation 6 means: turn it right to see it; the red left half is then on top."""
    photo = Image.new("RGB", (80, 40), BLUE)
    photo.paste(RED, (0, 0, 40, 40))
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    buffer = io.BytesIO()
    photo.save(buffer, "JPEG", exif=exif)
    upright = open_image(buffer)
    assert upright.size == (40, 80)
    assert close_to(upright.getpixel((20, 10)), RED)
    assert close_to(upright.getpixel((20, 70)), BLUE)


def test_metadata_is_gone() -> None:
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    exif.get_ifd(GPS)[1] = "N"
    exif.get_ifd(GPS)[2] = (52.0, 31.0, 12.0)
    buffer = io.BytesIO()
    Image.new("RGB", (50, 50), RED).save(buffer, "JPEG", exif=exif, comment=b"SecretComment", icc_profile=b"SecretICC")
    assert Image.open(io.BytesIO(buffer.getvalue())).getexif().get_ifd(GPS), "the test's own file has a position"
    stored = encode(open_image(buffer))
    assert b"Secret" not in stored
    result = Image.open(io.BytesIO(stored))
    assert not result.getexif()
    assert not {"exif", "icc_profile", "xmp", "comment"} & result.info.keys()


def test_square_is_cut_from_the_middle() -> None:
    wide = Image.new("RGB", (300, 100), BLUE)
    wide.paste(RED, (100, 0, 200, 100))
    result = Image.open(io.BytesIO(encode(square(wide, 64))))
    assert (result.format, result.size) == ("WEBP", (64, 64))
    assert close_to(result.convert("RGB").getpixel((4, 32)), RED)
    assert close_to(result.convert("RGB").getpixel((60, 32)), RED)


def test_small_picture_is_scaled_up_and_stays_transparent() -> None:
    buffer = io.BytesIO()
    Image.new("RGBA", (2, 1), (255, 0, 0, 0)).save(buffer, "PNG")
    result = Image.open(io.BytesIO(encode(square(open_image(buffer), 64))))
    assert result.size == (64, 64)
    assert result.convert("RGBA").getpixel((10, 10))[3] == 0  # type: ignore[index]


@pytest.mark.parametrize(
    ("size", "expected"),
    [((900, 300), (300, 100)), ((10, 900), (3, 300)), ((9_000, 2), (300, 1)), ((30, 20), (30, 20))],
)
def test_whole_picture_is_scaled_down_and_never_up(size: tuple[int, int], expected: tuple[int, int]) -> None:
    assert within(Image.new("RGB", size), 300).size == expected


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_a_moving_picture_keeps_moving(kind: str) -> None:
    animation = open_animation(io.BytesIO(moving_picture(12, kind)), pixels=10**6)
    assert animation is not None
    stored = Image.open(io.BytesIO(encode_animation(animation)))
    assert (stored.format, stored.size, getattr(stored, "n_frames", 1)) == ("WEBP", (30, 20), 12)
    stored.seek(5)
    stored.load()
    assert (stored.info["duration"], stored.info["loop"]) == (50, 0)


def test_a_moving_picture_is_scaled_down_to_its_pixels() -> None:
    animation = open_animation(io.BytesIO(moving_picture(10, size=(400, 200))), pixels=200_000)
    assert animation is not None
    assert {frame.size for frame in animation.frames} == {(200, 100)}


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
def test_metadata_of_a_moving_picture_is_gone(kind: str) -> None:
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    hidden: dict[str, Any] = {"comment": b"Secret"} if kind == "GIF" else {"exif": exif, "xmp": b"SecretXmp"}
    content = moving_picture(3, kind, **hidden)
    assert b"Secret" in content
    animation = open_animation(io.BytesIO(content), pixels=10**6)
    assert animation is not None
    assert b"Secret" not in encode_animation(animation)


def many_frames(count: int) -> bytes:
    """A GIF of one pixel, 16 bytes a frame."""
    head = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff"
    frame = b"\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00"
    return head + frame * count + b";"


def growing() -> bytes:
    """A GIF whose second frame lies outside of its canvas."""
    *before, after = many_frames(2).rpartition(b"\x2c\x00\x00\x00\x00")
    return before[0] + b"\x2c\x01\x00\x01\x00" + after


@pytest.mark.parametrize(
    "content",
    [
        picture("JPEG"),
        picture("PNG"),
        album((60, 40), (30, 20)),
        album((60, 40), (60, 40)),
        growing(),
        moving_picture(1),
        moving_picture(301),
        many_frames(600_000),
        moving_picture(101, size=(500, 500)),
        moving_picture(20)[:-200],
    ],
    ids=[
        "jpeg",
        "png",
        "album",
        "album of one size",
        "frames of two sizes",
        "one frame",
        "too many frames",
        "very many frames",
        "too many pixels",
        "cut",
    ],
)
def test_what_had_better_not_move(content: bytes) -> None:
    assert open_image(io.BytesIO(content)).size
    assert open_animation(io.BytesIO(content), pixels=10**6) is None
