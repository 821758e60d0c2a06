"""What git says of paths: the attributes that matter here (gitattributes(5)), and those of all directories above them.

Git alone reads .gitattributes files; here is only what it said, and for which of the attributes it is asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

GENERATED, VENDORED, DOCUMENTATION = "linguist-generated", "linguist-vendored", "linguist-documentation"
EXPORT_IGNORE = "export-ignore"
NAMES = (GENERATED, VENDORED, DOCUMENTATION, EXPORT_IGNORE)

_NOTHING: Mapping[str, bool] = {}


@dataclass(frozen=True, slots=True)
class Attributes:
    """The attributes of paths. Nothing is said of most of them."""

    given: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.given)

    def find(self, path: str) -> Mapping[str, bool]:
        """Return which attributes are set for a file, or for a directory that ends in a slash, and which are unset.

        What nothing is said of is not among them.
        """
        return self.given.get(path, _NOTHING)
