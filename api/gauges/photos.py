"""Photographs as they are kept: re-encoded, without what the camera wrote beside the picture.

A file is what its content says, not what its sender calls it. Decoding and encoding it again
leaves nothing of it but the picture: no place, no camera, no thumbnail, no appended archive.
"""

import io

from PIL import Image, ImageOps, UnidentifiedImageError

from db.reading_notes import Photo
from layers.errors import BadRequestError
from layers.text import Text

MEDIA_TYPE = "image/jpeg"
FORMATS = ("JPEG", "PNG", "WEBP")
LONGEST_SIDE = 1600
"""Enough to read a staff gauge across a river, about 300 kB."""
MOST_PIXELS = 50_000_000
_QUALITY = 82


def cleaned(sent: bytes) -> Photo:
    """The picture alone, as JPEG, upright; BadRequestError for what is none of `FORMATS`."""
    try:
        with Image.open(io.BytesIO(sent), formats=FORMATS) as opened:
            _check_size(opened.size)
            opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            upright = ImageOps.exif_transpose(opened)
            picture = _on_white(upright)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_many_pixels() from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError) as error:
        raise BadRequestError(
            Text(
                th="ไฟล์นี้ไม่ใช่ภาพ JPEG PNG หรือ WebP ที่อ่านได้",
                en="This file is no JPEG, PNG or WebP picture that can be read.",
            )
        ) from error
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=_QUALITY)
    return Photo(MEDIA_TYPE, out.getvalue())


def _on_white(picture: Image.Image) -> Image.Image:
    """The pixels alone in a new picture: what was read beside them stays behind."""
    rgba = picture.convert("RGBA")
    made = Image.new("RGB", rgba.size, "white")
    made.paste(rgba, mask=rgba.getchannel("A"))
    return made


def _check_size(size: tuple[int, int]) -> None:
    if size[0] * size[1] > MOST_PIXELS:
        raise _too_many_pixels()


def _too_many_pixels() -> BadRequestError:
    return BadRequestError(
        Text(
            th=f"ภาพมีจุดมากกว่า {MOST_PIXELS // 1_000_000} ล้านจุด ลดขนาดก่อนส่ง",
            en=f"The picture has more than {MOST_PIXELS // 1_000_000} million pixels. "
            "Make it smaller first.",
        )
    )
