"""What a format says of one record: how a message is read from it, and how one that was touched is written."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from loopflow.chat.jsontext import Raw, dump
from loopflow.chat.model import Message, Part


class Vocabulary(Protocol):
    """Reads and writes single records. Records are JSON objects; what is unknown in one is kept, as opaque parts."""

    def read(self, record: Mapping[str, Any], form: str) -> Message:
        """Return the message that a record of a format is. Raises ValueError for what is no record."""
        ...

    def write(self, message: Message) -> dict[str, Any]:
        """Return the record of a message that was touched, or is ours."""
        ...

    def answer(self, call: Part, text: str) -> Message:
        """Return a message that answers a call, as one that failed."""
        ...


def as_text(value: Any) -> str:  # noqa: ANN401  any JSON
    """Return what is counted of a value: a text as it stands, nothing of null, else compact JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return value.text if isinstance(value, Raw) else dump(value)


def read_content(content: Any, read_block: Callable[[Any], Part]) -> tuple[Part, ...]:  # noqa: ANN401
    """Return the parts of a content: of each block of a list, else one text."""
    return tuple(map(read_block, content)) if isinstance(content, list) else (Part("text", as_text(content)),)


def as_name(value: Any) -> str | None:  # noqa: ANN401
    """Return a name or an id; None for what is none."""
    return value if isinstance(value, str) and value else None


def join_texts(blocks: list[Any]) -> str:
    """Return the texts of a list of blocks, one after the other; of pictures nothing, of all else its JSON."""
    return "\n".join(text for text in map(_block_text, blocks) if text)


def _block_text(block: Any) -> str:  # noqa: ANN401
    if not isinstance(block, dict):
        return as_text(block)
    if isinstance(block.get("text"), str):
        return str(block["text"])
    return "" if is_media(block) else dump(block)


def is_media(block: Mapping[str, Any]) -> bool:
    """Whether a block is a picture, a sound or a file: its bytes are no text."""
    kind = block.get("type") or block.get("kind")
    return kind in _MEDIA


_MEDIA = frozenset(
    {
        *("image", "image_url", "input_image", "input_audio", "audio", "file", "input_file", "document"),
        *("container_upload", "image-url", "audio-url", "video-url", "document-url", "binary", "uploaded-file"),
        "computer_screenshot",
    }
)
