"""A page read back: its elements, its texts, and what its script is given."""

import json
from html.parser import HTMLParser
from typing import Any


class Page(HTMLParser):
    """What a page consists of: elements with their attributes, texts, and what is in script and style elements."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.sources: list[tuple[str, str]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in {"bdi", "wbr"}:
            self.texts.append(" ")

    def handle_data(self, data: str) -> None:
        if self.elements and self.elements[-1][0] in {"script", "style"} and data.strip():
            self.sources.append((self.elements[-1][0], data))
        else:
            self.texts.append(data)

    @property
    def tags(self) -> list[str]:
        """The names of all elements, in their order."""
        return [tag for tag, _ in self.elements]

    @property
    def text(self) -> str:
        """All that is read, as words."""
        return " ".join("".join(self.texts).split())

    @property
    def data(self) -> dict[str, Any]:
        """What the script is given."""
        found: dict[str, Any] = json.loads(next(source for tag, source in self.sources if source.startswith("{")))
        return found
