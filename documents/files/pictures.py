"""Pictures: whether one can be read, what its camera said, and the picture alone to be shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from io import BytesIO
from threading import Lock
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from pi_heif import register_heif_opener
from PIL import ExifTags, Image

from documents.files import apart
from documents.files.checked import Checked, Taken
from documents.files.signatures import HEIC, JPEG, NAMES, PNG, WEBP

register_heif_opener()
FORMATS = {JPEG: "JPEG", PNG: "PNG", WEBP: "WEBP", HEIC: "HEIF"}  # as Pillow calls them
# An ordinary JPEG is decoded at an eighth of its sides where that is enough; of all others every
# pixel comes into memory: some 400 to 600 MB at these limits.
MOST_PIXELS = {JPEG: 200_000_000, PNG: 40_000_000, WEBP: 30_000_000, HEIC: 60_000_000}
MOST_PROGRESSIVE = 60_000_000
ONE_AT_A_TIME = Lock()  # in a process: as many large pictures at once would fill the machine
# More pixels than this come into memory in a process of their own (documents.files.apart).
LARGE = 16_000_000
Image.MAX_IMAGE_PIXELS = None  # these limits stand in its place, and tell width and height
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
FIRST_CAMERA = 1990  # an earlier year is a clock that was never set
# Markers of a JPEG: the picture itself, a colour profile, what programs add, a comment.
SCAN, PROFILE, COMMENT = 0xDA, 0xE2, 0xFE
APPLICATION = range(0xE1, 0xF0)  # all but 0xE0, which every JPEG begins with


def judge(content: bytes, content_type: str) -> Taken:
    """Read a picture to its end, and say what its camera said.

    Raises ValidationError with the reason why it cannot be read.
    """
    return _wherever("judge_here", content, content_type)


def judge_here(content: bytes, content_type: str) -> Taken:
    with _opened(content, content_type) as image:
        # Half a photo, cut off on the way, is found only by reading it; an eighth is enough.
        _load(image, max(image.size) // 8)
        return _taken(image)


def without_metadata(checked: Checked, longest_side: int = 2048) -> Checked:
    """A photo with the picture alone: turned upright, at most so many pixels long, no other
    metadata.

    Raises ValidationError when the picture cannot be read to its end.
    """
    sent = checked.content, checked.content_type
    shown = _wherever("shown_here", *sent, longest_side)
    # Where it is shown byte for byte as it was sent, its checksum stays.
    return checked if shown is None else Checked(shown, JPEG, checked.name, checked.taken)


def shown_here(content: bytes, content_type: str, longest_side: int) -> bytes | None:
    """The picture alone, as JPEG; None where it is so already."""
    with _opened(content, content_type) as image:
        is_plain = image.mode in ("L", "RGB") and is_bare_jpeg(content)
        if is_plain and max(image.size) <= longest_side:
            return None
        _load(image, longest_side)
        small = _in_eight_bits(image)
        small.thumbnail((longest_side, longest_side))
        turn = _turn(image)
        upright = small if turn is None else small.transpose(turn)
        picture = Image.new("RGB", upright.size, "white")
        picture.paste(upright, mask=upright.getchannel("A") if "A" in upright.mode else None)
        out = BytesIO()
        picture.save(out, "JPEG", quality=85)
    return out.getvalue()


def _wherever(task: str, content: bytes, content_type: str, *more: int) -> Any:
    """Do it here, or apart where much comes into memory; one at a time."""
    if not ONE_AT_A_TIME.acquire(timeout=apart.PATIENCE):
        raise ValidationError(_("Many pictures come in just now. Send this one again in a minute."))
    try:
        do = partial(apart.call, task) if _is_large(content, content_type) else globals()[task]
        return do(content, content_type, *more)
    finally:
        ONE_AT_A_TIME.release()


def _is_large(content: bytes, content_type: str) -> bool:
    """Every pixel of it comes into memory, and they are many; an ordinary JPEG is read in small."""
    with suppress(Exception), Image.open(BytesIO(content), formats=[FORMATS[content_type]]) as it:
        is_read_whole = content_type != JPEG or "progressive" in it.info
        return is_read_whole and LARGE < it.width * it.height <= MOST_PIXELS[content_type]
    return False


@contextmanager
def _opened(content: bytes, content_type: str) -> Iterator[Image.Image]:
    """A picture whose pixels are not read yet; whatever its decoder raises is a ValidationError."""
    try:
        file, formats = BytesIO(content), [FORMATS[content_type]]
        with Image.open(file, formats=formats) as image:
            _demand_size(image, content_type)
            yield image
    except ValidationError:
        raise
    except Exception as error:  # decoders raise anything: this one file is refused, nothing else
        kind = {"kind": NAMES[content_type]}
        raise ValidationError(_why(content, content_type, error), params=kind) from error


def _demand_size(image: Image.Image, content_type: str) -> None:
    """Raise ValidationError for more pixels than are read of such a picture."""
    most, name = MOST_PIXELS[content_type], NAMES[content_type]
    if "progressive" in image.info:
        most, name = MOST_PROGRESSIVE, _("progressive JPEG")
    if image.width * image.height > most:
        text = _(
            "The picture has %(width)s × %(height)s pixels; %(kind)s may have %(most)s million. "
            "Send it smaller, or photograph it at a lower resolution."
        )
        size = {"width": image.width, "height": image.height}
        raise ValidationError(text, params={**size, "kind": name, "most": most // 1_000_000})


def _why(content: bytes, content_type: str, error: Exception) -> Any:
    """Why a picture (`kind`) could not be read, and what to do."""
    if isinstance(error, MemoryError):
        return _("The picture is too large to be read here. Send it smaller.")
    if _is_cut_off(content, content_type):
        return _(
            "The picture (%(kind)s) is cut off: its end is missing. Send it again, or take it anew."
        )
    return _("The picture (%(kind)s) is damaged and cannot be read. Save or take it anew.")


def _is_cut_off(content: bytes, content_type: str) -> bool:
    """Its end is missing: the mark of the end, or bytes that its beginning has announced."""
    if content_type == JPEG:
        return content.rfind(b"\xff\xd9") <= content.rfind(bytes([0xFF, SCAN]))
    if content_type == PNG:
        return b"IEND" not in content
    if content_type == HEIC:
        return _end_of_boxes(content) > len(content)
    return int.from_bytes(content[4:8], "little") + 8 > len(content)


def _end_of_boxes(content: bytes) -> int:
    """Where the last box of a HEIC should end."""
    at = 0
    while at < len(content) and (size := int.from_bytes(content[at : at + 4], "big")) >= 8:
        at += size
    return at


def _load(image: Image.Image, longest_side: int) -> None:
    """Read all of a picture; a JPEG in small, though not below this side."""
    scale = longest_side / max(image.size)
    image.draft(None, (max(1, int(image.width * scale)), max(1, int(image.height * scale))))
    image.load()


def _in_eight_bits(image: Image.Image) -> Image.Image:
    """In grey, RGB or RGBA of 256 shades; more shades of grey are scaled.

    What is so already is not copied: a large one takes 240 MB.
    """
    if image.mode.startswith("I"):
        image.info.pop("transparency", None)  # one of 65,536 shades
        return image.point(lambda shade: shade / 256).convert("L")
    mode = "L" if image.mode in ("1", "L") else "RGB"
    if image.has_transparency_data:
        mode = "RGBA"
    return image if image.mode == mode else image.convert(mode)


def is_bare_jpeg(content: bytes) -> bool:
    """A JPEG with nothing in it but the picture: no EXIF, no comment, nothing behind its end."""
    if not (content.startswith(b"\xff\xd8") and content.endswith(b"\xff\xd9")):
        return False
    at = 2
    while content[at : at + 1] == b"\xff" and at + 4 <= len(content):
        marker, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4], "big")
        if marker == SCAN:
            return content.find(b"\xff\xd9", at) == len(content) - 2
        colours = marker == PROFILE and content[at + 4 :].startswith(b"ICC_PROFILE")
        if not colours and (marker in APPLICATION or marker == COMMENT):
            return False
        at += 2 + length
    return False


# What the camera said: none of it is needed, so none of it costs a picture ------------------------


def _turn(image: Image.Image) -> Image.Transpose | None:
    """How to turn a picture upright."""
    with suppress(Exception):
        return TURNS.get(image.getexif().get(ExifTags.Base.Orientation))
    return None


def _taken(image: Image.Image) -> Taken:
    """When and where, as far as it can be read."""
    moment, place = None, (None, None)
    with suppress(Exception):
        moment = _moment(image.getexif())
    with suppress(Exception):
        place = _place(image.getexif().get_ifd(ExifTags.IFD.GPSInfo))
    return Taken(moment, *place)


def _moment(found: Image.Exif) -> datetime | None:
    details = found.get_ifd(ExifTags.IFD.Exif)
    text = details.get(ExifTags.Base.DateTimeOriginal) or found.get(ExifTags.Base.DateTime)
    naive = datetime.strptime(str(text)[:19], "%Y:%m:%d %H:%M:%S").replace(tzinfo=UTC)
    is_set = naive.year >= FIRST_CAMERA
    return timezone.make_aware(naive.replace(tzinfo=None)) if is_set else None


def _place(gps: dict) -> tuple[Decimal | None, Decimal | None]:
    """Longitude and latitude."""
    tags = ExifTags.GPS
    latitude = _degrees(gps[tags.GPSLatitude], gps[tags.GPSLatitudeRef] == "S")
    longitude = _degrees(gps[tags.GPSLongitude], gps[tags.GPSLongitudeRef] == "W")
    # A camera without a fix writes 0/0, which compares with nothing.
    on_earth = -90 <= latitude <= 90 and -180 <= longitude <= 180
    return (longitude, latitude) if on_earth else (None, None)


def _degrees(parts, negative: bool) -> Decimal:
    degrees, minutes, seconds = (float(part) for part in parts)
    value = Decimal(f"{degrees + minutes / 60 + seconds / 3600:.6f}")
    return -value if negative else value
