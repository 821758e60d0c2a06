"""Pictures: what they cost by the rules that providers publish, from the size that stands in their first bytes.

OpenAI, "Images and vision": into a square of 2,048, then the shorter side to 768, 85 tokens and 170 for each square of
512; 85 where detail is low. Anthropic, "Vision": width times height by 750, the longer side being 1,568 at most.
A picture behind an address, a sound or a file has no size that could be known here.
"""

import base64
import binascii
from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Any, Final, NamedTuple

from loopflow.chat.model import Part

_FIRST_BYTES: Final = 256_000
_LARGE, _SHORT_SIDE, _TILE = 2_048, 768, 512
_BASE, _PER_TILE = 85, 170
_LONGEST_SIDE, _PER_TOKEN = 1_568, 750


class Picture(NamedTuple):
    """A picture: its size in pixels, 0 where that is not known, and whether it is sent with little detail."""

    width: int
    height: int
    is_low: bool = False

    @property
    def name(self) -> str:
        """What stands for it where it is left out."""
        size = f" {self.width}x{self.height}" if self.width else ""
        return f"[image{size} left out]"


def find_pictures(part: Part) -> Iterator[Picture]:
    """Yield the pictures in a part: it may be one, or a result with some."""
    yield from map(_measure, find_picture_blocks(part))


def find_picture_blocks(part: Part) -> Iterator[Mapping[str, Any]]:
    """Yield the blocks with pictures in a part, as they were read."""
    if part.touched or part.kind not in {"image", "result"}:
        return
    for block in _blocks(part.raw):
        if "image" in str(block.get("type") or block.get("kind") or "") or "media_type" in block:
            yield block


def count_picture(picture: Picture, provider: str) -> int | None:
    """Return the tokens of a picture, None where its size is not known."""
    if not picture.width:
        return None
    if provider in {"anthropic", "claude-code"}:
        scale = min(1.0, _LONGEST_SIDE / max(picture.width, picture.height))
        return max(1, round(picture.width * scale * picture.height * scale / _PER_TOKEN))
    if picture.is_low:
        return _BASE
    width, height = float(picture.width), float(picture.height)
    scale = min(1.0, _LARGE / max(width, height))
    scale *= min(1.0, _SHORT_SIDE / (min(width, height) * scale))
    tiles = -(-int(width * scale) // _TILE) * -(-int(height * scale) // _TILE)
    return _BASE + _PER_TILE * max(1, tiles)


def _blocks(raw: Any) -> list[Mapping[str, Any]]:  # noqa: ANN401
    """Return the blocks that a part was read from, however its format holds them."""
    if isinstance(raw, tuple):
        block, place = raw if len(raw) == 2 and not isinstance(raw[0], str) else (raw[1], None)  # noqa: PLR2004
        raw = block["content"][place] if isinstance(place, int) else block
    if isinstance(raw, Mapping):
        inside = raw.get("content") if raw.get("type") == "tool_result" else raw.get("output")
        listed = inside if isinstance(inside, list) else [raw]
    else:
        listed = raw if isinstance(raw, list) else []
    return [block for block in listed if isinstance(block, Mapping)]


def _measure(block: Mapping[str, Any]) -> Picture:
    image = block.get("image_url")
    url = image.get("url") if isinstance(image, Mapping) else image
    detail = (image if isinstance(image, Mapping) else block).get("detail")
    source = block.get("source")
    data = source.get("data") if isinstance(source, Mapping) else block.get("data")
    if isinstance(url, str) and url.startswith("data:"):
        data = url.partition(",")[2]
    width, height = _read_size(data) if isinstance(data, str) else (0, 0)
    return Picture(width, height, detail == "low")


def _read_size(data: str) -> tuple[int, int]:
    """Return width and height from the first bytes of a picture, zeros where they do not say."""
    try:
        import imagesize  # noqa: PLC0415  only pictures need it

        first = data[: _FIRST_BYTES - _FIRST_BYTES % 4]
        width, height = imagesize.get(BytesIO(base64.b64decode(first, validate=False)))
    except (ImportError, ValueError, binascii.Error, OSError, IndexError):
        return 0, 0
    except Exception:  # noqa: BLE001  a library on a stranger's bytes
        return 0, 0
    return (int(width), int(height)) if width > 0 and height > 0 else (0, 0)
