"""Profiles for tests of what is shown, added up by the one place that adds up."""

from collections.abc import Iterable, Mapping

from hypothesis import strategies as st

from loopflow.analysis.filetype import file_type
from loopflow.model import FileTokens, Profile, Report, Selection, SelectRequest, Skipped
from loopflow.tokens.choice import create_counter
from loopflow.usecases.pipeline import build_profile

HOSTILE_NAMES = (
    "esc\x1b[31mred.py",
    "rtl\u202egpj.py",
    "two\nlines.py",
    "return\rof.py",
    "[red]markup[bold].py",
    "[/x]",
    "raw\udcff\udcfe.py",
    "<img src=x onerror=alert(1)>.py",
    "</source>&amp;.py",
    "back\\slash.py",
    "separated\u2028line.py",
    "日本語.py",
)

# Names of directories are never names of files, so that no file lies below another one.
_DIRECTORIES = st.sampled_from(["a", "b", "src", "src2", "[red]", "日本", "e\u0301", "x" * 40])
_FILES = st.sampled_from(["one.py", "two.py", "three.md", "Makefile", ".gitignore", "none", "long" * 20 + ".txt"])
_PATHS = st.builds(lambda parents, name: "/".join([*parents, name]), st.lists(_DIRECTORIES, max_size=12), _FILES)
_TOKENS = st.one_of(st.integers(0, 3), st.integers(0, 1_000_000_000))


def make_profile(tokens: Mapping[str, int], skipped: Iterable[Skipped] = ()) -> Profile:
    """Return the profile of files with these paths and tokens, four bytes each."""
    items = [FileTokens(path, file_type(path), count, 4 * count, "") for path, count in tokens.items()]
    selection = Selection(root="/", request=SelectRequest(), candidates=())
    return build_profile(selection, create_counter(), iter([*items, *skipped]))


def make_report(tokens: Mapping[str, int], skipped: Iterable[Skipped] = ()) -> Report:
    """Return the report of such a profile."""
    return Report(make_profile(tokens, skipped))


def profiles() -> st.SearchStrategy[Profile]:
    """Return a strategy for profiles of up to 30 files, up to 12 levels deep."""
    return st.dictionaries(_PATHS, _TOKENS, max_size=30).map(make_profile)
