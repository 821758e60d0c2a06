"""Every option, with everything that a run prints and how it ends. How to renew: golden/README.md."""

from pathlib import Path

import pytest

from loopflow.cli.code_context import code_context
from loopflow.render.formats import FORMATS
from tests.support.golden import GOLDEN, check_golden
from tests.support.run import run, run_process

TIGHT = ("--config", "../tight.toml")
CASES: dict[str, list[str]] = {
    "context-filters": ["-e", "css,ts", "--exclude", "page.*"],
    "context-output": ["-r", "docs", "--output", "/dev/stdout"],
    "context-quiet": ["-q", "docs"],
    "context-raw": ["-r", "src/app"],
    "context-readmes": ["--readmes", "src/app/main.py"],
    "context-untracked": ["-u", "--include", "/*.md"],
    "context-verbose": ["-v", "README.md", "assets", "latest.md", "vendor"],
    "profile": ["--profile"],
    "profile-color": ["--profile", "--color", "always"],
    "profile-depth-1-files": ["--profile", "--depth", "1", "--files"],
    "profile-encoding": ["--profile", "--encoding", "cl100k_base", "docs"],
    "profile-files-top-2": ["--profile", "--files", "--top", "2"],
    "profile-include-exclude": ["--profile", "--include", "src/", "--include", "*.md", "--exclude", "README.*"],
    "profile-format-json": ["--profile", "--format", "json"],
    "profile-format-badge": ["--profile", "--format", "badge"],
    "profile-format-badge-json": ["--profile", "--rev", "HEAD", "--check", "--format", "badge-json", *TIGHT],
    "profile-format-csv": ["--profile", "--baseline", "--baseline-file", "../saved.json", "--format", "csv"],
    "profile-format-github": ["--profile", "--rev", "HEAD", "--check", "--format", "github", *TIGHT],
    "profile-format-gitlab": ["--profile", "--rev", "HEAD", "--check", "--format", "gitlab", *TIGHT],
    "profile-format-markdown": ["--profile", "--rev", "HEAD", "--check", "--format", "markdown", *TIGHT],
    "profile-report": ["--profile", "--depth", "0", "--top", "0", "--report", "badge-json:/dev/stdout"],
    "profile-quiet-text": ["--profile", "-q", "--format", "text", "docs"],
    "profile-untracked-extensions": ["--profile", "-u", "-e", ".D.TS,css", "--extension", "md"],
    "profile-changed": ["--profile", "--changed", "--jobs", "2", "--no-cache"],
    "profile-rev": ["--profile", "--rev", "HEAD", "--depth", "0", "--top", "2"],
    "profile-staged": ["--profile", "--staged", "src"],
    "profile-against": ["--profile", "--against", "HEAD", "--files"],
    "profile-check": ["--profile", "--staged", "--check", "--config", "../loose.toml"],
    "profile-check-quiet": ["--profile", "--rev", "HEAD", "--check", "--quiet", "--config", "../tight.toml"],
    "profile-check-tight": ["--profile", "--rev", "HEAD", "--check", "--depth", "0", "--config", "../tight.toml"],
    "profile-pushed": ["--profile", "--pushed", "--depth", "0", "--top", "0"],
    "profile-baseline": ["--profile", "--baseline", "--baseline-file", "../saved.json", "--depth", "1"],
    "profile-cuts": ["--profile", "--cuts", "--depth", "0"],
    "profile-save-baseline": ["--profile", "--save-baseline", "--baseline-file", "/dev/stdout"],
    "profile-window": ["--profile", "--window", "200", "--reserve", "10%", "--keep", "docs/", "--depth", "0"],
    "context-fit": ["--fit", "300", "--raw"],
    "context-line-numbers": ["--line-numbers", "src/app", "docs/old.txt"],
    "context-tree": ["--tree", "--raw", "-e", "md,py,ts"],
    "context-diff": ["--diff", "--changed"],
    "context-model": ["--fit", "gpt-4o", "README.md"],
    "show-config": ["--show-config", "--config", "../tight.toml"],
    "profile-verbose": ["--profile", "-v", "--depth", "0", "--top", "0"],
}

# Asserted elsewhere: they read or write, or what they print depends on what is installed, or is not for a screen.
NOT_GOLDEN = {"--copy", "--help", "--init", "--null", "--stdin", "--version"}


@pytest.mark.parametrize("name", CASES)
def test_golden(name: str, sample: Path) -> None:
    """A run prints what it printed when somebody last read it."""
    start = run_process if any("/dev/stdout" in word for word in CASES[name]) else run
    check_golden(name, CASES[name], start(*CASES[name], cwd=sample))


def test_every_option_has_a_golden_file() -> None:
    """An option that is added to the command comes with a run that shows it."""
    used = {word for arguments in CASES.values() for word in arguments} | NOT_GOLDEN
    without = [parameter.opts for parameter in code_context.params if not used & {*parameter.opts}]
    assert without == [["paths"]]


def test_every_format_has_a_golden_file() -> None:
    """A format that is added comes with a run that shows it, but for a page that is mostly script."""
    used = {word.partition(":")[0] for arguments in CASES.values() for word in arguments}
    assert {*FORMATS} - used == {"html"}


def test_every_golden_file_is_used() -> None:
    """No file in the directory is left over from a run that is no longer made."""
    assert {path.stem for path in GOLDEN.glob("*.txt")} == {*CASES}
