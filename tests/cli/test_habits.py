"""Words of other tools: each is answered with what to type here, on one line, and none is obeyed by another name."""

import re
import shlex

import pytest

from loopflow.cli.code_context import code_context
from loopflow.cli.habits import OPTIONS, PATHS, URL, Habit, explain_path
from loopflow.errors import MissingPathError
from tests.support.builder import Repo
from tests.support.run import run

OURS = {spelling for parameter in code_context.params for spelling in parameter.opts}
OF_OTHERS = {"-o"}  # what a hint may name that is not this command's yet

# What people type who know another tool, and what is said; "" where it does what was meant.
HABITS = [
    ("repomix", "--style markdown --output-file out.md", "XML documents are printed, or with -r path and text"),
    ("repomix", "--remote https://github.com/owner/name", "git clone URL"),
    ("repomix", "--ignore '**/*.log,tmp/'", "use --exclude GLOB"),
    ("repomix", "--include 'src/**/*.py'", ""),
    ("repomix", "--token-count-tree 100", "use --profile --files"),
    ("repomix", "--top-files-len 20", "use --profile --top N"),
    ("repomix", "--compress --copy", "--fit N"),
    ("repomix", "--output-show-line-numbers", "use --line-numbers"),
    ("repomix", "--include-diffs", "use --diff"),
    ("repomix", "--stdout", "leave it out"),
    ("code2prompt", "src --include '*.py' --exclude '*.md'", ""),
    ("code2prompt", ". --tokens format", "use --profile"),
    ("code2prompt", ". --line-numbers --diff", ""),
    ("code2prompt", ". --output-format json -O out.json", "XML documents are printed"),
    ("code2prompt", ". --git-diff-branch main,work", "use --diff --against REV"),
    ("code2prompt", ". --token-map", "use --profile --files"),
    ("gitingest", "https://github.com/owner/name", "git clone URL"),
    ("gitingest", "git@github.com:owner/name.git", "git clone URL"),
    ("gitingest", ". -e '*.log'", "use --include GLOB, or --exclude GLOB"),
    ("gitingest", ". --include-pattern '*.py' --max-size 50000", "use --include GLOB"),
    ("gitingest", ". --branch main --token ghp_x", "use --rev BRANCH"),
    ("gitingest", ". --include-gitignored", "-u adds what is untracked"),
    ("files-to-prompt", "src -e py --cxml", "XML documents are printed"),
    ("files-to-prompt", "src -e py -n", "use --line-numbers"),
    ("files-to-prompt", "src --include-hidden", "if git tracks them"),
    ("scc", "--by-file -s lines src", "use --profile --files"),
    ("scc", "-i py,md", "-e EXT"),
    ("scc", "--include-ext py,md --format json", "use -e EXT"),
    ("scc", "--exclude-dir vendor --no-cocomo", "use --exclude GLOB"),
    ("tokei", "--hidden --sort code", "if git tracks them"),
    ("tokei", "--types Python", "use -e EXT"),
    ("git-sizer", "--json", "use --profile --format json"),
    ("git-sizer", "--critical", "--profile --check"),
    ("git-sizer", "--branches", "use --rev REV"),
    ("git-sizer", "--verbose", ""),
]


@pytest.fixture
def project(repo: Repo) -> Repo:
    repo.track({"src/app.py": "x = 1\n", "README.md": "# Read\n"}).commit()
    return repo


@pytest.mark.parametrize(("tool", "typed", "said"), HABITS)
def test_a_habit_is_met_or_answered(tool: str, typed: str, said: str, project: Repo) -> None:
    """What somebody types who knows another tool does what is meant, or is told on one line what to type."""
    result = run(*shlex.split(typed), cwd=project.root)
    assert tool
    if not said:
        assert (result.code, result.out[:11]) == (0, "<documents>")
        return
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)
    assert result.err.startswith("code-context: error: ")
    assert said in result.err


@pytest.mark.parametrize("habit", PATHS)
@pytest.mark.parametrize("options", [(), ("--profile",), ("--staged",), ("--rev", "HEAD")])
def test_a_command_that_is_none(habit: Habit, options: tuple[str, ...], project: Repo) -> None:
    """The name of a command is answered with the option, whatever is read."""
    for word in habit.words:
        result = run(word, *options, cwd=project.root)
        assert (result.code, result.out) == (2, "")
        assert result.err.endswith(f": {word}; {habit.hint}\n")


@pytest.mark.parametrize("options", [(), ("--staged",), ("--rev", "HEAD")])
@pytest.mark.parametrize("word", [word for habit in PATHS for word in habit.words])
def test_a_path_of_that_name_is_a_path(word: str, options: tuple[str, ...], project: Repo) -> None:
    """Where there is a file that is called like a command, it is read."""
    project.track({word: "text\n"}).commit()
    result = run(word, *options, cwd=project.root)
    assert (result.code, f"<source>{word}</source>" in result.out) == (0, True)


@pytest.mark.parametrize(
    ("path", "is_url"),
    [
        ("https://github.com/owner/name", True),
        ("HTTP://example.org/x.git", True),
        ("ssh://git@host/x", True),
        ("git@host.org:x/y.git", True),
        ("github.com/owner/name", True),
        ("src/app", False),
        ("a@b", False),
        ("checks", False),
        ("https://", False),
        ("github.com", False),
        ("two\nhttps://github.com/a/b", False),
    ],
)
def test_what_is_a_url(path: str, *, is_url: bool) -> None:
    """Only what git could clone is taken for something to clone."""
    error = explain_path(MissingPathError("no such file", "as it was", path))
    assert (error.message, error.hint) == ("no such file", URL.hint if is_url else "as it was")


def test_no_habit_is_an_option_of_ours() -> None:
    """No word stands in the table twice, and none that is an option here: nobody would be told."""
    words = [word for habit in OPTIONS for word in habit.words]
    assert len(words) == len(set(words))
    assert not OURS.intersection(words)


@pytest.mark.parametrize("habit", [*OPTIONS, *PATHS])
def test_a_hint_names_what_there_is(habit: Habit) -> None:
    """Each option that a hint names is one that the command has."""
    named = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", habit.hint))
    assert named <= OURS | OF_OTHERS


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("--stagd", "--staged"),
        ("--extensions", "--extension"),
        ("--basline", "--baseline"),
        ("--exlude", "--exclude"),
        ("--linenumbers", "--line-numbers"),
        ("--reports-to", None),
        ("--formal", "--format"),
        ("--unknown", None),
    ],
)
def test_only_a_slip_is_put_right(typed: str, meant: str | None, project: Repo) -> None:
    """An option that is spelled like another is suggested only where it can hardly mean anything else."""
    err = run(typed, cwd=project.root).err
    suggested = re.findall("Did you mean '(.*)'", err)
    assert suggested == ([meant] if meant else [])
    assert err.endswith("; see code-context --help\n")
