"""How a format is told: by the words that it begins with, by its first key, by a pattern, and by what stands in it."""

from typing import NamedTuple


class Format(NamedTuple):
    """A format that a pattern tells.

    It has a name, the characters that it can begin with (a blank stands for any white space), how it begins, and what
    must stand after that, however far, for it to be one. Where it can begin with anything, `starts` is "", and the sign
    stands in its first lines.
    """

    name: str
    starts: str
    beginning: str
    sign: str = ""


class Keyed(NamedTuple):
    """A format in JSON: its name, the keys that can be its first one, what follows that key's colon, and the sign."""

    name: str
    keys: str
    beginning: str
    sign: str = ""


ANY_KEY = "*"
