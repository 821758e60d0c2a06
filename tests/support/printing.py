"""Print the context of a request, and see which text was printed for which file."""

from collections.abc import Mapping, Sequence
from contextlib import chdir
from dataclasses import dataclass, field
from os import PathLike

import pytest

from loopflow.errors import GitError, UsageError
from loopflow.model import CountRequest, Profile, Reason, SelectRequest
from loopflow.usecases.pipeline import Output, profile, write_context

EVERYTHING = SelectRequest()
COUNTING = CountRequest(jobs=2)


@dataclass(frozen=True, slots=True)
class Printed:
    """What was printed, path to text in the order of printing, and what was not."""

    texts: Mapping[str, str]
    skipped: Mapping[str, Reason]
    unmatched: tuple[str, ...]
    tokens: int


class Beside:
    """What layouts for tests have beside the files: nothing, for nobody asks for it."""

    def tree(self, paths: Sequence[str]) -> str:
        """Return nothing."""
        return "" * len(paths)

    def before_diff(self, since: str) -> str:
        """Return nothing."""
        return since[:0]

    def after_diff(self) -> str:
        """Return nothing."""
        return ""


@dataclass
class _Recorder(Beside):
    """A layout that writes nothing, and takes what is written between its calls as the texts."""

    texts: dict[str, str] = field(default_factory=dict)
    path: str = ""

    def opening(self) -> str:
        return ""

    def before(self, path: str, number: int) -> str:
        assert path not in self.texts
        self.path, self.texts[path] = path, ""
        assert number == len(self.texts)
        return ""

    def after(self, text_end: str) -> str:
        assert text_end == self.texts[self.path][-1:]
        return ""

    def closing(self) -> str:
        return ""

    def write(self, text: str) -> None:
        if text:
            self.texts[self.path] += text


def print_texts(here: str | PathLike[str], request: SelectRequest = EVERYTHING) -> Printed:
    """Print what `request` asks for, seen from `here`; the profile of the same request must agree in everything."""
    recorder = _Recorder()
    with chdir(here):
        summary = write_context(request, COUNTING, Output(recorder, recorder.write))
        found = profile_of(request)
    skipped = {skip.path: skip.reason for skip in summary.skipped}
    assert sorted(recorder.texts) == sorted(file.path for file in found.files)
    assert {skip.path: skip.reason for skip in found.skipped} == skipped
    assert len(summary.skipped) == len(skipped), "each path is skipped once"
    assert (summary.files, summary.tokens) == (found.total.files, found.total.tokens)
    return Printed(recorder.texts, skipped, summary.unmatched, summary.tokens)


def refusal(here: str | PathLike[str], request: SelectRequest) -> str:
    """Ask for something that cannot be had, and return the message and what to do, each of one line."""
    with chdir(here), pytest.raises((UsageError, GitError)) as caught:
        profile_of(request)
    assert caught.value.hint
    assert "\n" not in caught.value.message + caught.value.hint
    return f"{caught.value.message}; {caught.value.hint}"


def profile_of(request: SelectRequest = EVERYTHING) -> Profile:
    """Profile what `request` asks for, seen from the current directory."""
    return profile(request, COUNTING).profile
