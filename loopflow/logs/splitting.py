"""A digest in parts of at most so many bytes, cut after an item; a part of one item where that alone is longer."""

from collections.abc import Iterator


def split_text(text: str, most: int, *, is_log: bool = False) -> list[str]:
    """Return the parts, which together are the text: items stay whole where they fit, and lines always do.

    An item of a digest begins with a line that begins with "["; a log that `is_log`, printed whole, has lines only.
    """
    parts: list[list[str]] = []
    size = 0
    for piece in _pieces(text, most, is_log=is_log):
        more = _size(piece)
        if not parts or size + more > most:
            parts.append([])
            size = 0
        parts[-1].append(piece)
        size += more
    return ["".join(part) for part in parts] or [""]


def _pieces(text: str, most: int, *, is_log: bool) -> Iterator[str]:
    item: list[str] = []
    for line in text.split("\n"):
        if item and (is_log or line.startswith("[")):
            yield from _divide("\n".join(item) + "\n", most)
            item = []
        item.append(line)
    if rest := "\n".join(item):
        yield from _divide(rest, most)


def _divide(item: str, most: int) -> Iterator[str]:
    """Yield an item, or its lines if it is longer than a part."""
    if _size(item) <= most:
        yield item
    else:
        *lines, last = item.split("\n")
        yield from (f"{line}\n" for line in lines)
        if last:
            yield last


def _size(text: str) -> int:
    return len(text.encode("utf-8", "replace"))
