"""The command: its numbers, its help, its version, and what its options mean together."""

import importlib.util
import re
from html import unescape
from importlib.metadata import entry_points, version
from pathlib import Path
from typing import Any

import pytest

from loopflow.cli.code_context import code_context, main
from loopflow.cli.help import SECTIONS
from loopflow.cli.main import main as family
from loopflow.render.context import RawLayout
from loopflow.tokens.choice import DISTRIBUTIONS, create_counter
from tests.support.run import Result, python, run, run_process
from tests.support.sample import FILES, TOKENS, UTIL
from tests.support.schema import complaints

DIRECTORIES = {".": 2122, "data": 1968, "docs": 35, "src": 99, "src/app": 73, "src/web": 26}
TYPES = {".csv": 1968, ".py": 70, ".ts": 25, ".md": 23, ".txt": 22, "Makefile": 8, ".gitignore": 5, ".css": 1}
SKIPPED = {
    "assets/logo.png": "binary",
    "assets/mark.png": "binary",
    "gone.py": "missing",
    "latest.md": "symlink",
    "vendor/lib": "submodule",
}

HAS_TOKTOK = importlib.util.find_spec("toktok") is not None
LIST_MODULES = "import atexit, sys\natexit.register(lambda: print(*sys.modules, file=sys.stderr))"


@pytest.fixture(scope="module")
def counted(sample: Path) -> dict[str, Any]:
    """Return the profile of the sample as JSON."""
    return run("--profile", "--format", "json", cwd=sample).json


@pytest.fixture(scope="module")
def printed(sample: Path) -> Result:
    """Return the context of the sample."""
    return run(cwd=sample)


def test_the_sample_costs_what_it_costs(counted: dict[str, Any]) -> None:
    """Every file, directory and type has the tokens that tiktoken counts for it."""
    assert {file["path"]: file["tokens"] for file in counted["files"]} == TOKENS
    assert {directory["path"]: directory["tokens"] for directory in counted["directories"]} == DIRECTORIES
    assert {kind["type"]: kind["tokens"] for kind in counted["types"]} == TYPES
    assert counted["total"] == {"tokens": 2122, "files": 14, "bytes": 4387}


def test_listed_is_counted_plus_skipped(counted: dict[str, Any], sample: Path) -> None:
    """What is not counted is there with its reason, and nothing else is missing."""
    assert {skip["path"]: skip["reason"] for skip in counted["skipped"]} == SKIPPED
    assert {*TOKENS, *SKIPPED} == {*FILES, "latest.md", "vendor/lib"}
    assert sample.joinpath("notes.md").exists()
    assert counted["complete"] is True


def test_the_json_is_as_the_schema_says(counted: dict[str, Any]) -> None:
    """What the command prints validates against the published schema."""
    assert complaints(counted) == []


def test_directories_have_their_shares(counted: dict[str, Any]) -> None:
    """A directory's shares are those of its parent's tokens and of all tokens."""
    shares = {each["path"]: (each["percent_of_parent"], each["percent_of_total"]) for each in counted["directories"]}
    assert shares["."] == (100.0, 100.0)
    assert shares["src"] == (100 * 99 / 2122, 100 * 99 / 2122)
    assert shares["src/app"] == (100 * 73 / 99, 100 * 73 / 2122)


def test_options_that_shape_charts_leave_json_alone(counted: dict[str, Any], sample: Path) -> None:
    """--depth, --files, --top, --color and -v change nothing in the JSON."""
    shaping = ["--depth", "0", "--files", "--top", "1", "--color", "always", "-v"]
    assert run("--profile", "--format", "json", *shaping, cwd=sample).json == counted


def test_both_engines_count_the_same(counted: dict[str, Any], sample: Path) -> None:
    """With tiktoken instead of the fastest engine, the profile is the same."""
    env = {"LOOPFLOW_ENGINE": "tiktoken"}
    assert run("--profile", "--format", "json", cwd=sample, env=env).json == counted


def test_encodings_differ(sample: Path) -> None:
    """--encoding counts with the other vocabulary and says so."""
    counted = run("--profile", "--format", "json", "--encoding", "cl100k_base", cwd=sample).json
    assert counted["encoding"] == "cl100k_base"
    assert {file["path"]: file["tokens"] for file in counted["files"]} == TOKENS | {"docs/caf\xe9.txt": 13}


def test_context_and_profile_hold_the_same_files(printed: Result, counted: dict[str, Any]) -> None:
    """The context prints what the profile counts, in the same order, and the summary says the same numbers."""
    sources = [unescape(source) for source in re.findall("<source>(.*)</source>", printed.out)]
    assert sources == [file["path"] for file in counted["files"]]
    assert re.fullmatch(
        r"code-context: 14 files, 2,122 tokens \+ \d+ around them \(o200k_base\), 5 skipped\n", printed.err
    )


def test_texts_are_printed_to_the_letter(printed: Result) -> None:
    """Each text stands in the context as it is in the file; bytes that are not UTF-8 are replaced."""
    for path in TOKENS:
        content = FILES[path]
        text = content if isinstance(content, str) else content.decode("utf-8", "replace")
        end = "" if text.endswith("\n") else "\n"
        assert f"<source>{path}</source>\n<document_content>\n{text}{end}</document_content>\n" in printed.out


def test_a_closing_tag_in_a_file_stays(printed: Result) -> None:
    """A file may contain the very tags that surround it: nothing is escaped, nothing is lost."""
    assert f"\n{UTIL}\n</document_content>\n</document>\n" in printed.out
    assert printed.out.endswith("</documents>\n")


def test_what_surrounds_the_files_is_counted_apart(sample: Path) -> None:
    """The summary's second number is the cost of everything that is no file's text."""
    result = run("--raw", "docs/README.md", cwd=sample)
    layout, text = RawLayout(), "# Documents\n"
    around = sum(create_counter().count([layout.before("docs/README.md", 1), layout.after(text[-1:])]))
    assert result.err == f"code-context: 1 file, 3 tokens + {around} around them (o200k_base)\n"


LOOKS = "looks at the whole repository and writes a config file, and does nothing else"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--depth", "1"], "--depth is about a profile, and no profile is asked for; add --profile"),
        (["--depth", "0"], "--depth is about a profile, and no profile is asked for; add --profile"),
        (["--files"], "--files is about a profile, and no profile is asked for; add --profile"),
        (["--top", "3"], "--top is about a profile, and no profile is asked for; add --profile"),
        (["--top", "0"], "--top is about a profile, and no profile is asked for; add --profile"),
        (["--format", "json"], "--format is about a profile, and no profile is asked for; add --profile"),
        (["--format", "text"], "--format is about a profile, and no profile is asked for; add --profile"),
        (["--staged", "--rev", "HEAD"], "--staged reads the index, --rev a commit; leave one of them out"),
        (
            ["--profile", "--save-baseline", "--report", "json:report.json"],
            "--save-baseline writes the baseline, and does nothing else; leave --report out",
        ),
        (["--init", "-e", "py"], f"--init {LOOKS}; leave --extension out"),
        (["--init", "--rev", "HEAD"], f"--init {LOOKS}; leave --rev out"),
        (["--init", "--fit", "1k"], f"--init {LOOKS}; leave --fit out"),
        (
            ["--show-config", "--copy"],
            "--show-config shows what the config says, and does nothing else; leave --copy out",
        ),
        (
            ["--profile", "--check", "--show-config"],
            "--show-config shows what the config says, and does nothing else; leave --profile out",
        ),
        (
            ["--profile", "--save-baseline", "--window", "1k"],
            "--save-baseline writes the baseline, and does nothing else; leave --window out",
        ),
        (["--raw", "--profile"], "--raw prints context, --profile counts it; leave one of them out"),
        (["--config", "."], "the config file . cannot be read: is a directory; check what --config names"),
        (["--config", "none.toml"], "there is no config file none.toml; check what --config names"),
        (
            ["--profile", "--baseline", "--baseline-file", "."],
            "the baseline . cannot be read: is a directory; check what --baseline-file names",
        ),
        (["--check"], "--check is about a profile, and no profile is asked for; add --profile"),
        (
            ["--against", "HEAD"],
            "--against says what to compare with, and nothing is compared; add --profile, --changed or --diff",
        ),
        (
            ["--profile", "--baseline-file", "x"],
            "--baseline-file says which baseline; add --baseline or --save-baseline",
        ),
        (
            ["--profile", "--baseline", "--save-baseline"],
            "--baseline compares with the baseline, --save-baseline replaces it; leave one of them out",
        ),
        (["--window", "1k"], "--window is about a profile; add --profile, or use --fit to print what fits"),
        (
            ["--profile", "--fit", "1k"],
            "--fit shortens what is printed, and a profile prints no files; use --window",
        ),
        (["--keep", "*.py"], "--reserve and --keep are about a window; add --window N, or --fit N"),
        (["--profile", "--window", "0"], "--window: '0' is no number of tokens; write for example \"200k\" or 128000"),
        (
            ["--profile", "--window", "1k", "--reserve", "100%"],
            "--reserve: '100%' is no share of a window; write for example \"25%\"",
        ),
    ],
)
def test_options_that_cannot_be_meant(options: list[str], message: str, sample: Path) -> None:
    """An option that would have no effect is refused, not ignored, and so is one that names no file."""
    assert run(*options, cwd=sample) == Result(2, "", f"code-context: error: {message}\n")


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_names_every_option(option: str, sample: Path) -> None:
    """--help names each option and says something about PATHS, on 80 columns, and exits with 0."""
    result = run(option, cwd=sample)
    assert (result.code, result.err) == (0, "")
    assert "PATHS" in result.out
    for parameter in code_context.params:
        assert all(spelling in result.out for spelling in parameter.opts if spelling.startswith("-"))
    assert all(f"\n{section}:\n" in result.out for section in SECTIONS.values())
    assert max(map(len, result.out.splitlines())) <= 80


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_can_complete(shell: str, sample: Path) -> None:
    """The script that the documentation installs is printed, and completes options and formats."""
    script = run_process(cwd=sample, env={"_CODE_CONTEXT_COMPLETE": f"{shell}_source"})
    assert (script.code, script.err) == (0, "")
    assert "code-context" in script.out
    words = {"COMP_WORDS": "code-context --profile --format j", "COMP_CWORD": "3" if shell != "fish" else "j"}
    done = run_process(cwd=sample, env={"_CODE_CONTEXT_COMPLETE": f"{shell}_complete", **words})
    assert done.code == 0
    assert "json" in done.out


@pytest.mark.parametrize(
    ("engine", "shown"),
    [
        pytest.param("toktok", ["toktok"], marks=pytest.mark.skipif(not HAS_TOKTOK, reason="toktok is not installed")),
        ("tiktoken", ["tiktoken"]),
        ("table", ["table"]),
        ("", ["table", "toktok" if HAS_TOKTOK else "tiktoken"]),
    ],
)
def test_version_names_what_counts(engine: str, shown: list[str], sample: Path) -> None:
    """--version says the versions of the program and of the engines in use; an empty choice is no choice."""
    set_engine = ("env", f"LOOPFLOW_ENGINE={engine}")
    ours = version("loopflow-code-context")
    numbers = {name: f" {version(DISTRIBUTIONS[name])}" for name in shown if name in DISTRIBUTIONS}
    theirs = " and ".join(f"{name}{numbers.get(name, '')}" for name in shown)
    line = f"code-context {ours}, counting o200k_base and cl100k_base with {theirs}\n"
    assert run_process("--version", cwd=sample, program=(*set_engine, *python(""))) == Result(0, line, "")


def test_version_without_toktok_names_tiktoken(sample: Path) -> None:
    """Where the fast engine is not installed, tiktoken counts what is much; asking for the other one is an error."""
    without = python("import sys\nsys.modules['toktok'] = None")
    assert " with table and tiktoken " in run_process("--version", cwd=sample, program=without).out
    forced = run_process("--version", cwd=sample, program=without, env={"LOOPFLOW_ENGINE": "toktok"})
    assert (forced.code, forced.out) == (2, "")
    assert forced.err.startswith("code-context: error: the engine toktok is not installed; ")


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_what_answers_at_once_imports_little(option: str, sample: Path) -> None:
    """--version and --help load no engine, no git, nothing for patterns, colours or the clipboard."""
    loaded = run_process(option, cwd=sample, program=python(LIST_MODULES)).err.split()
    assert "click" in loaded
    assert not {"git", "tiktoken", "toktok", "regex", "rich", "pathspec", "pyperclip", "platformdirs"} & {*loaded}


def test_a_plain_profile_imports_no_more_than_it_needs(sample: Path) -> None:
    """Without a terminal, a profile of little loads nothing for colours, the clipboard and globs, and no engine."""
    loaded = run_process("--profile", cwd=sample, program=python(LIST_MODULES)).err.split()
    assert "loopflow.io.git.repository" in loaded
    assert not {"rich", "pyperclip", "pathspec", "git", "platformdirs"} & {*loaded}
    assert not {"tiktoken", "toktok"} & {*loaded}


def test_the_command_is_installed() -> None:
    """Both names of the command lead to the one function; the family has a command of its own."""
    scripts = {
        script.name: script.load() for script in entry_points(group="console_scripts") if "loopflow" in script.value
    }
    assert scripts == {"code-context": main, "loopflow-code-context": main, "loopflow": family}
