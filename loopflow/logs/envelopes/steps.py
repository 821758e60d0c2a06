r"""Lines that say which step of a build begins or ends. They stay in the text.

Where the forms come from: GitHub Actions turns `::group::NAME` into `##[group]NAME`; the runner's own group "Run ..."
closes before the command's output begins, so that step holds until the next one. Azure Pipelines writes
`##[section]Starting: NAME` and `Finishing: `; GitLab `section_start:UNIX:NAME[options]\r\e[0KTITLE` and `section_end`
("Custom collapsible sections" of its documentation); Travis `travis_fold:start:NAME`; Jenkins' Pipeline
`[Pipeline] { (NAME)` for a stage; Buildkite `--- NAME`, `+++ NAME`, `~~~ NAME` ("Managing log output"), which diffs
have too: hence only where there are several, one of them with "~~~", and there is no diff.
"""

import re
from collections.abc import Callable, Iterator

from loopflow.logs.envelopes.batch import Batch

_DEEPEST = 32
_LONGEST = 200

_GITHUB = re.compile(
    rb"^(?:##\[(group|endgroup|section)\]|::(group|endgroup)::|(Post job cleanup\.)(?=\n))([^\n]*)", re.MULTILINE
)
_GITLAB = re.compile(
    rb"section_(start|end):\d{1,12}:([\w.\-]{1,200}?)(?:\[[^\]\n]{0,200}\])?"
    rb"(?=[\r\n\x1b ]|section_)(?:(?:\r|\x1b\[0?K| )+((?:(?!section_(?:start|end):)[^\n])*))?",
)
_TRAVIS = re.compile(rb"travis_fold:(start|end):([\w.\-/]{1,200}?)(?=[\s\x1b]|travis_)")
_JENKINS = re.compile(rb"^\[Pipeline\] (?:\{ \(([^\n]{1,200})\)|(// stage))$", re.MULTILINE)
_BUILDKITE = re.compile(rb"^(?:---|\+\+\+|~~~) (\S[^\n]*)$", re.MULTILINE)
_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|[\x00-\x1f\x7f]")
_DIFF = re.compile(rb"^--- [^\n]*\n\+\+\+ [^\n]*\n@@ ", re.MULTILINE)
_SEVERAL = 3


class Steps:
    """Which step a log is in; kept from chunk to chunk."""

    def __init__(self) -> None:
        self.families: set[str] = set()
        """Those that were seen; only for these a block is searched, but for the two that any log may have."""
        self._base = ""
        self._open: dict[str, list[str]] = {}
        """The steps that are open, of each family: a block is searched for one family after the other."""
        self._own = False
        """Whether the group that is open is a step's own, "Run ..."."""
        self._runs = False
        """Whether there was such a group."""

    def look(self, sample: bytes) -> set[str]:
        """Give the families that were seen so far and in a few more lines."""
        return self.families | {
            family
            for family, (mark, _, _) in _FAMILIES.items()
            if mark in sample and (family != "buildkite" or _is_buildkite(sample))
        }

    def note(self, batch: Batch) -> None:
        """Put the steps of a block into `batch.steps`."""
        text = batch.text
        if (
            text.startswith((b"##[", b"::"))
            or (b"#" in text and b"\n##[" in text)  # a byte is sought far faster than several
            or b"\n::" in text
            or (self._runs and b"Post job cleanup." in text)
        ):
            self._note(batch, self._github(text))
        for family in sorted(self.families - {"github"}):
            _, needle, find = _FAMILIES[family]
            if needle in text:
                self._note(batch, find(self, text))

    def _note(self, batch: Batch, found: Iterator[tuple[int, str]]) -> None:
        line = place = 0
        for at, name in found:
            line += batch.text.count(b"\n", place, at)
            place = at
            batch.steps[line] = _COLOURS.sub("", name).strip()[:_LONGEST]

    def _github(self, text: bytes) -> Iterator[tuple[int, str]]:
        for match in _GITHUB.finditer(text):
            word, name = match[1] or match[2], _text(match[4])
            if match[3]:
                if self._runs:
                    self._base, self._own = "Post job cleanup", False
                    yield match.start(), self._base
            elif word == b"section":
                step = name.removeprefix("Starting:").strip() if name.startswith("Starting:") else ""
                if step or name.startswith("Finishing:"):
                    self._base, self._own = step, False
                    yield match.start(), step
            elif word == b"endgroup":
                if not self._own:
                    yield match.start(), self._base
                self._own = False
            else:
                self._own = name.startswith("Run ")
                self._runs |= self._own
                self._base = name if self._own else self._base
                yield match.start(), name

    def _gitlab(self, text: bytes) -> Iterator[tuple[int, str]]:
        for match in _GITLAB.finditer(text):
            if _at_head(text, match.start()):
                yield (
                    match.start(),
                    self._turn("gitlab", _text(match[2]), _text(match[3] or b""), begins=match[1] == b"start"),
                )

    def _travis(self, text: bytes) -> Iterator[tuple[int, str]]:
        for match in _TRAVIS.finditer(text):
            if _at_head(text, match.start()):
                yield match.start(), self._turn("travis", _text(match[2]), "", begins=match[1] == b"start")

    def _jenkins(self, text: bytes) -> Iterator[tuple[int, str]]:
        for match in _JENKINS.finditer(text):
            yield match.start(), self._turn("jenkins", _text(match[1] or b""), "", begins=match[2] is None)

    def _buildkite(self, text: bytes) -> Iterator[tuple[int, str]]:
        for match in _BUILDKITE.finditer(text):
            yield match.start(), _text(match[1])

    def _turn(self, family: str, name: str, title: str, *, begins: bool) -> str:
        """Tell the step that holds from here on: the one that begins, or the one around the one that ends."""
        steps = self._open.setdefault(family, [])
        if begins:
            steps.append(title.strip() or name)
            del steps[:-_DEEPEST]
        elif steps:
            steps.pop()
        return steps[-1] if steps else ""


def _at_head(text: bytes, at: int) -> bool:
    r"""Whether a marker stands where one is written: first in its line, behind "\r" or "\e[0K", or behind another."""
    before = text[max(0, text.rfind(b"\n", max(0, at - _LONGEST), at) + 1) : at]
    return not before or before.endswith((b"\r", b"K")) or before.startswith((b"travis_", b"section_"))


def _is_buildkite(sample: bytes) -> bool:
    headings = _BUILDKITE.findall(sample)
    return len(headings) >= _SEVERAL and b"\n~~~ " in b"\n" + sample and not _DIFF.search(sample)


def _text(name: bytes) -> str:
    return name.decode("utf-8", "replace")


_FAMILIES: dict[str, tuple[bytes, bytes, Callable[[Steps, bytes], Iterator[tuple[int, str]]]]] = {
    "github": (b"##[group]", b"##[", Steps._github),  # noqa: SLF001 - its own table
    "gitlab": (b"section_start:", b"section_", Steps._gitlab),  # noqa: SLF001
    "travis": (b"travis_fold:", b"travis_fold:", Steps._travis),  # noqa: SLF001
    "jenkins": (b"[Pipeline]", b"[Pipeline]", Steps._jenkins),  # noqa: SLF001
    "buildkite": (b"\n", b"\n", Steps._buildkite),  # noqa: SLF001
}
"""What tells a family in a sample, what a block must have to be searched, and the search."""


def build_system(families: set[str], sample: bytes) -> str:
    """Tell the name of the CI that a sample comes from, or ""."""
    if b"##[section]" in sample:
        return "azure"
    if b"travis-build version:" in sample:
        return "travis"
    return min(families) if families else ""
