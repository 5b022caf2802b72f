"""The logo of the status page: read from its file, and held to be a picture and nothing else."""

import re
from pathlib import Path
from xml.etree import ElementTree

from msgspec import Struct

LARGEST = 100_000
_MAGIC = {
    b"\x89PNG\r\n\x1a\n": ("image/png", "png"),
    b"\xff\xd8\xff": ("image/jpeg", "jpg"),
}
_BANNED = frozenset({"script", "foreignobject", "iframe", "embed", "object", "handler", "set"})
_OUTSIDE = re.compile(r"url\(\s*['\"]?(?!\s*#)|@import|expression\(", re.IGNORECASE)


class Logo(Struct, frozen=True):
    """`suffix` is that of its file name, without a dot."""

    content_type: str
    suffix: str
    data: bytes


def read_logo(path: Path) -> Logo:
    """Raises ValueError with what was found, and OSError."""
    # A device or a pipe would never end.
    if path.exists() and not path.is_file():
        raise ValueError("something that is not a regular file")
    with path.open("rb") as stream:
        data = stream.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise ValueError(f"a file of more than {LARGEST:,} bytes")
    for magic, (content_type, suffix) in _MAGIC.items():
        if data.startswith(magic):
            return Logo(content_type, suffix, data)
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return Logo("image/webp", "webp", data)
    _require_plain_svg(data)
    return Logo("image/svg+xml", "svg", data)


def _require_plain_svg(data: bytes) -> None:
    """It is only ever shown as an image, where nothing in it runs; but whoever opens the picture
    by itself must be safe too, also where an export is served by somebody else."""
    # Entities could blow it up, or read other files.
    if b"<!DOCTYPE" in data.upper() or b"<!ENTITY" in data.upper():
        raise ValueError("a document type or entities in it")
    try:
        root = ElementTree.fromstring(data)  # noqa: S314 - no entities, and bounded
    except ElementTree.ParseError:
        raise ValueError("a file that is none of these") from None
    if _local(root.tag) != "svg":
        raise ValueError("XML that is no SVG")
    for element in root.iter():
        if not isinstance(element.tag, str) or _local(element.tag) in _BANNED:
            raise ValueError(f"the element {_local(element.tag)} in it")
        for key, value in element.attrib.items():
            name = _local(key)
            inside = value.lstrip().startswith(("#", "data:image/png", "data:image/jpeg"))
            if name.startswith("on") or (name == "href" and not inside) or _OUTSIDE.search(value):
                raise ValueError(f"the attribute {name} of {_local(element.tag)} in it")
        if _OUTSIDE.search(element.text or ""):
            raise ValueError(f"an address in {_local(element.tag)}")


def _local(name: object) -> str:
    return str(name).rpartition("}")[2].lower()
