"""Extensions, include and exclude patterns: which listed files a request lets through.

What the config file says and what the command line says both have to let a file through; an exclude of either keeps it
out, and nothing overrides that.
"""

from collections.abc import Sequence

from loopflow.analysis.patterns import Patterns, compile_patterns
from loopflow.io.select.listing import Listing
from loopflow.model import SUBMODULE_MODE, Criteria, FileRef, Skipped


class Filter:
    """The filters of a request and of the config. Raises UsageError for a bad pattern."""

    def __init__(self, criteria: Criteria) -> None:
        request = criteria.request
        self._suffixes = tuple("." + extension.lower().lstrip(".") for extension in request.extensions)
        self._includes = _compile((request.include, "--include"), (criteria.include, "include"))
        self._excludes = _compile((request.exclude, "--exclude"), (criteria.exclude, "exclude"))

    def apply(self, listing: Listing) -> Listing:
        """Return the listing with what is let through."""
        if not (self._suffixes or self._includes or self._excludes):
            return listing
        return listing.filter(lambda item: self.admits(listing.name(item), item))

    def admits(self, name: str, item: FileRef | Skipped | None = None) -> bool:
        """Whether a file is let through; one without an item is an ordinary one."""
        path = _pattern_path(name, item)
        if any(patterns.match(path) for patterns in self._excludes):
            return False
        if isinstance(item, Skipped):
            return True  # an unreadable directory: whether what is in it would be asked for is not known
        if self._suffixes and not name.lower().endswith(self._suffixes):
            return False
        return all(patterns.match(path) for patterns in self._includes)

    def excludes(self, name: str, item: FileRef | Skipped) -> bool:
        """Whether an exclude matches."""
        return any(patterns.match(_pattern_path(name, item)) for patterns in self._excludes)


def _compile(*lists: tuple[Sequence[str], str]) -> list[Patterns]:
    if not any(patterns for patterns, _ in lists):
        return []
    return [compile_patterns(patterns, option) for patterns, option in lists if patterns]


def _pattern_path(name: str, item: FileRef | Skipped | None) -> str:
    is_directory = isinstance(item, Skipped) or (item is not None and item.mode == SUBMODULE_MODE)
    return name + "/" if is_directory else name
