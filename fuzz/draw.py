"""Bytes from a fuzzer as choices: numbers, picks, names and texts.

Whatever the bytes are, every choice is valid; when they end, each is the first one. A small change of the bytes is a
small change of what is made of them, which is what a fuzzer needs to learn. It does what atheris's FuzzedDataProvider
does, in plain Python, so that what was found is replayed by the tests wherever they run.
"""

from collections.abc import Sequence
from typing import TypeVar

_T = TypeVar("_T")

# What names do harm with: to terminals, logs, markup, spreadsheets, listings and the rules of paths.
_HARM = (
    *(
        b"\n",
        b"\r",
        b"\t",
        b"\x1b[31m",
        b"\x1b]0;x\x07",
        b"\x9b",
        b"\x7f",
        b"\x01",
        b" ",
        b"  ",
        b"\\",
        b"\\n",
        b"\xff",
    ),
    *(char.encode() for char in "\u202e\u2066\u2028\u2029\u200b\ufeff\u0085\u00ad\u0301\U000e0041\ufffd\u3000日é"),
    *(b"[red]", b"[/x]", b"::error::", b"::", b"##[error]", b"##[", b"::set-output name=x::", b"%0A", b"%", b":", b","),
    *(b"|", b"`", b"```", b"<img src=x onerror=alert(1)>", b"</script>", b"<!--", b"]]>", b"&lt;", b"&", b"<", b">"),
    *(b'"', b"'", b"=", b"+", b"-", b"@", b"=1+1", b"*", b"_", b"#", b"![x](y)", b"[x](javascript:y)", b"http://x.y"),
    *(b"$(x)", b"{{x}}", b"{%x%}", b"~", b"!", b";", b"</details>", b"---", b"\xc3", b"\xed\xa0\x80", b"\xf0\x9f\x98"),
)
_PLAIN = (b"a", b"b", b"src", b"main.py", b"README.md", b".gitignore", b"Makefile", b"x.min.js", b"a.d.ts", b"1")
_NO_PART = {b"", b".", b"..", b".git"}


class Draw:
    """Choices, made by `data` from its beginning to its end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def left(self) -> int:
        """How many bytes there are to choose with."""
        return max(0, len(self._data) - self._at)

    def take(self, size: int) -> bytes:
        """Return the next bytes, as many as `size` or as there are."""
        self._at += size
        return self._data[self._at - size : self._at]

    def rest(self) -> bytes:
        """Return all bytes that are left."""
        return self.take(self.left)

    def number(self, most: int) -> int:
        """Return a number from 0 to `most`."""
        size = (most.bit_length() + 7) // 8
        return int.from_bytes(self.take(size), "little") % (most + 1)

    def yes(self) -> bool:
        """Return yes or no."""
        return bool(self.number(1))

    def pick(self, choices: Sequence[_T]) -> _T:
        """Return one of them."""
        return choices[self.number(len(choices) - 1)]

    def count(self) -> int:
        """Return how often to count a thing: some tokens, or very many."""
        return self.number(9) if self.yes() else self.number(2**40)

    def join(self, atoms: Sequence[bytes], most: int) -> bytes:
        """Return up to `most` of the atoms one after another, each once or a few times, with bytes of any kind."""
        parts = []
        for _ in range(self.number(most)):
            if not self.left:
                break
            kind = self.number(7)
            parts.append(self.take(1 + kind) if kind < 2 else self.pick(atoms) * (1, 1, 1, 2, 3, 17)[kind - 2])  # noqa: PLR2004
        return b"".join(parts)

    def name(self) -> str:
        """Return a name of any kind as it comes from git: never with a NUL, never empty."""
        raw = self.join((*_PLAIN, *_HARM), 6).replace(b"\0", b"0") or b"empty"
        return raw.decode("utf-8", "surrogateescape")

    def path(self) -> str:
        """Return a path of any kind that git would write into a tree."""
        parts = [part for part in b"/".join(self._parts()).split(b"/") if part.lower() not in _NO_PART]
        return b"/".join(parts or [b"file"]).decode("utf-8", "surrogateescape")

    def _parts(self) -> list[bytes]:
        return [self.name().encode("utf-8", "surrogateescape") for _ in range(1 + self.number(3))]
