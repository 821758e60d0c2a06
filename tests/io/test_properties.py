"""What holds for every repository, whatever is in it: nothing is lost, counted twice or shown and not counted."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager
from functools import cache
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.config.resolve import CONFIG_FILES
from loopflow.errors import UsageError
from loopflow.io.cache.database import NoCache
from loopflow.io.count.counting import Engine, count
from loopflow.io.file import select
from loopflow.io.git.repository import Git
from loopflow.io.read.opening import Opener
from loopflow.model import CountRequest, FileTokens, Reason, SelectRequest
from loopflow.model.progress import NoProgress
from loopflow.tokens.choice import ENGINES, create_counter
from loopflow.tokens.encodings import VOCABULARY_DIGESTS
from loopflow.tokens.protocol import TokenCounter
from loopflow.usecases.pipeline import ContextSummary, Output, profile, write_context
from tests.support.builder import Repo
from tests.support.examples import some
from tests.support.oracle import count_repository
from tests.support.printing import Beside
from tests.support.random_repos import TEXT_KINDS, UNTRACKED, Tree, built, trees

REASONS = {
    "binary": Reason.BINARY,
    "link": Reason.SYMLINK,
    "dangling": Reason.SYMLINK,
    "submodule": Reason.SUBMODULE,
    "deleted": Reason.MISSING,
    "replaced by a link": Reason.SYMLINK,
    "replaced by a directory": Reason.SPECIAL,
}
Result = TypeVar("Result")

COUNTING = CountRequest(jobs=2)
EVERYTHING = SelectRequest()
ROOT = "."

few = some(10)

REQUESTS = st.builds(
    SelectRequest,
    extensions=st.sampled_from([(), ("py",), (".md", "py")]),
    include=st.sampled_from([(), ("src/",), ("*.py", "!src2/*"), ("**/a/**", "README.md")]),
    exclude=st.sampled_from([(), ("src",), ("*", "!*.py"), ("/a/", "*\\\\*")]),
    untracked=st.booleans(),
    readmes=st.booleans(),
)


class Recording(Beside):
    """A layout that writes nothing and remembers the documents."""

    def __init__(self) -> None:
        self.paths: list[str] = []

    def opening(self) -> str:
        """Return nothing."""
        return ""

    def before(self, path: str, number: int) -> str:
        """Remember the path, which must be that of the next document."""
        self.paths.append(path)
        assert number == len(self.paths)
        return ""

    def after(self, text_end: str) -> str:
        """Return nothing."""
        assert len(text_end) <= 1
        return ""

    def closing(self) -> str:
        """Return nothing."""
        return ""


def print_context(request: SelectRequest) -> tuple[dict[str, str], ContextSummary]:
    """Print the context of the current directory and return the texts by path, in order, and the summary."""
    layout = Recording()
    texts: list[str] = []

    def write(text: str) -> None:
        texts.extend([""] * (len(layout.paths) - len(texts)))
        if texts:
            texts[-1] += text

    summary = write_context(request, COUNTING, Output(layout, write))
    return dict(zip(layout.paths, texts, strict=True)), summary


def attempt(run: Callable[[], Result]) -> Result | str:
    """Run, and return the result or the message of the refusal."""
    try:
        return run()
    except UsageError as error:
        return error.message


@contextmanager
def standing_in(tree: Tree) -> Iterator[Repo]:
    """Build a repository and make it the current directory."""
    with built(tree) as repo, chdir(repo.root):
        yield repo


@contextmanager
def opened_files() -> Iterator[Counter[str]]:
    """Count how often each path is opened."""
    opened: Counter[str] = Counter()
    open_really = Opener.open

    def open_counted(opener: Opener, path: str) -> tuple[int, os.stat_result]:
        opened[path] += 1
        return open_really(opener, path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Opener, "open", open_counted)
        yield opened


@cache
def load_counter(encoding: str, engine: str) -> TokenCounter:
    """Load each encoding once for all tests."""
    return create_counter(encoding, engine)


@few
@given(trees())
def test_context_and_profile_are_what_git_lists(tree: Tree) -> None:
    """Printed files = profiled files = what git lists but for what is skipped, each with the reason it must have."""
    with standing_in(tree) as repo:
        listed = repo.tracked()
        documents, summary = print_context(EVERYTHING)
        on_disk = {path: (repo.root / path).read_bytes().decode("utf-8", "replace") for path in documents}
        report = profile(EVERYTHING, COUNTING)
    printed = list(documents)
    skipped = {path: REASONS[kind] for path, kind in tree.items() if kind in REASONS}
    assert printed == [path for path in listed if path not in skipped]
    assert printed == [file.path for file in report.profile.files]
    assert {skip.path: skip.reason for skip in report.profile.skipped} == skipped
    assert {skip.path: skip.reason for skip in summary.skipped} == skipped
    assert documents == on_disk
    assert summary.files == len(printed)
    assert sorted(printed) == sorted(path for path, kind in tree.items() if kind in TEXT_KINDS)


@few
@given(trees())
def test_what_is_listed_is_counted_or_skipped(tree: Tree) -> None:
    """Listed = counted + skipped: every tracked path is one or the other, and none is both or twice."""
    with standing_in(tree) as repo:
        listed = repo.tracked()
        result = profile(EVERYTHING, COUNTING).profile
    counted, skipped = [file.path for file in result.files], [skip.path for skip in result.skipped]
    assert Counter(counted) + Counter(skipped) == Counter(listed)
    assert result.total.files == len(counted)


@few
@given(trees())
def test_every_file_is_opened_once(tree: Tree) -> None:
    """Printing and profiling open each candidate exactly once, and nothing else."""
    with standing_in(tree):
        for run in (lambda: print_context(EVERYTHING), lambda: profile(EVERYTHING, COUNTING)):
            with opened_files() as opened:
                run()
            for name in CONFIG_FILES:  # what holds is read first, wherever it is written
                opened[name] -= 1
            not_opened = {*REASONS, UNTRACKED} - {"binary"}  # a look at their state is enough
            assert +opened == Counter({path: 1 for path, kind in tree.items() if kind not in not_opened})


@few
@given(trees(), REQUESTS)
def test_every_request_means_the_same_for_context_and_profile(tree: Tree, asked: SelectRequest) -> None:
    """Whatever is asked for, what is printed is what is profiled, token for token, or both refuse alike."""
    with standing_in(tree):
        result = attempt(lambda: profile(asked, COUNTING).profile)
        context = attempt(lambda: print_context(asked))
    if isinstance(result, str) or isinstance(context, str):
        assert result == context
        return
    documents, summary = context
    assert {path: len(text.encode()) for path, text in documents.items() if "\ufffd" not in text} == {
        file.path: file.bytes for file in result.files if "\ufffd" not in documents[file.path]
    }
    assert sorted(skip.path for skip in summary.skipped) == sorted(skip.path for skip in result.skipped)
    assert (summary.tokens, summary.files) == (result.total.tokens, result.total.files)


@few
@given(trees())
def test_the_numbers_add_up(tree: Tree) -> None:
    """Own files and children make up each directory; types, root and total are one sum, which is that of the files."""
    with standing_in(tree):
        result = profile(SelectRequest(untracked=True), COUNTING).profile
    nodes = {each.path: each for each in result.directories}
    for path, node in nodes.items():
        own = [file for file in result.files if (file.path.rpartition("/")[0] or ROOT) == path]
        below = [nodes[other] for other in nodes if other != ROOT and (other.rpartition("/")[0] or ROOT) == path]
        assert (node.own_tokens, node.own_files) == (sum(file.tokens for file in own), len(own))
        assert node.tokens == node.own_tokens + sum(each.tokens for each in below)
        assert node.files == node.own_files + sum(each.files for each in below)
        assert node.bytes == sum(file.bytes for file in own) + sum(each.bytes for each in below)
    everything = (result.total.tokens, result.total.files, result.total.bytes)
    root = nodes[ROOT]
    assert everything == (root.tokens, root.files, root.bytes)
    assert everything == tuple(
        sum(getattr(each, what) for each in result.types) for what in ("tokens", "files", "bytes")
    )
    assert everything == (
        sum(file.tokens for file in result.files),
        len(result.files),
        sum(file.bytes for file in result.files),
    )


@few
@given(trees())
def test_counts_are_those_of_a_slow_and_simple_count(tree: Tree) -> None:
    """Both engines, in both encodings, count what git, the vocabularies and tiktoken alone come to."""
    with built(tree) as repo:
        selection = select(EVERYTHING, Git(), str(repo.root))
        for encoding in VOCABULARY_DIGESTS:
            expected = count_repository(repo.root, encoding)
            for engine in ENGINES:
                engine_of = Engine(Git(), load_counter(encoding, engine), NoCache(), NoProgress(), 2)
                counts = count(selection.to_count, engine_of)
                assert {item.path: item.tokens for item in counts if isinstance(item, FileTokens)} == expected
