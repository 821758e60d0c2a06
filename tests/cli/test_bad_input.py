"""What cannot be done: one line on stderr that says why and what to do, exit 2, nothing on stdout."""

from pathlib import Path

import pytest

from tests.support.run import Result, run, run_process

NOT_A_PATTERN = "patterns have gitignore syntax, such as 'vendor/' or '*.lock'"
NOT_A_FILE = "paths are relative to the current directory"
ONLY_TRACKED = "only tracked files are listed unless -u is given"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nope"], f"no such file or directory: nope; {NOT_A_FILE}"),
        (["--profile", "docs,nope"], f"no such file or directory: nope; {NOT_A_FILE}"),
        (["README.md/x"], "no such file or directory: README.md/x; did you mean README.md?"),
        (["--profile", "dosc/guide.md"], "no such file or directory: dosc/guide.md; did you mean docs?"),
        (["two\nlines\x1b[0m"], f"no such file or directory: two\\nlines\\x1b[0m; {NOT_A_FILE}"),
        ([""], "an empty path names nothing; leave it out, or write . for the current directory"),
        (["--include", ""], f"--include: '' is not a pattern; {NOT_A_PATTERN}"),
        (["--profile", "--exclude", "!"], f"--exclude: '!' is not a pattern; {NOT_A_PATTERN}"),
        (["--exclude", "a\\"], f"--exclude: 'a\\\\' is not a pattern; {NOT_A_PATTERN}"),
        (["--profile", "--encoding", "p50k"], "unknown encoding: 'p50k'; known are o200k_base, cl100k_base"),
        (["-e", ""], "--extension: an empty extension matches nothing; write for example -e py,md"),
        (["-e", "py,"], "--extension: an empty extension matches nothing; write for example -e py,md"),
        (["--profile", "-e", "zig"], f"nothing is left to select: --extension zig; {ONLY_TRACKED}"),
        (["src", "--include", "*.zig"], f"nothing is left to select: src --include *.zig; {ONLY_TRACKED}"),
        (["-u", "--exclude", "*"], "nothing is left to select: --exclude *; check the paths and filters"),
    ],
)
def test_bad_input(arguments: list[str], message: str, sample: Path) -> None:
    """A request that cannot be met ends the run, whether files are printed or counted."""
    assert run(*arguments, cwd=sample) == Result(2, "", f"code-context: error: {message}\n")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--filess"], "'--filess'"),
        (["-x"], "-x"),
        (["--no\nsuch"], "--no"),
        (["-e"], "'-e'"),
        (["--profile", "--depth", "deep"], "'--depth'"),
        (["--profile", "--depth", "-1"], "'--depth'"),
        (["--profile", "--top", "1.5"], "'--top'"),
        (["--profile", "--format", "xml"], "'--format'"),
        (["--color", "maybe"], "'--color'"),
    ],
)
def test_a_command_line_that_is_none(arguments: list[str], named: str, sample: Path) -> None:
    """An option that does not exist, or lacks a proper value, is named, on one line."""
    result = run(*arguments, cwd=sample)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("code-context: error: ")
    assert result.err.endswith("; see code-context --help\n")
    assert not result.err.endswith(".; see code-context --help\n")
    assert result.err.count("\n") == 1
    assert named in result.err


@pytest.mark.parametrize(
    ("wrong", "right"), [("--stagd", "--staged"), ("--profil", "--profile"), ("--agianst", "--against")]
)
def test_the_nearest_option_is_suggested(wrong: str, right: str, sample: Path) -> None:
    """Of the options that are like it, the nearest and no other."""
    assert f"No such option '{wrong}'. Did you mean '{right}'?; see" in run(wrong, cwd=sample).err


def test_an_unknown_engine(sample: Path) -> None:
    """An engine that does not exist is named with those that do, for a profile as for --version."""
    message = "code-context: error: there is no engine 'fast'; LOOPFLOW_ENGINE is one of table, toktok, tiktoken\n"
    for option in ("--profile", "--version"):
        assert run(option, cwd=sample, env={"LOOPFLOW_ENGINE": "fast"}) == Result(2, "", message)


def test_a_directory_that_cannot_be_read(tmp_path: Path, unprivileged: tuple[str, ...]) -> None:
    """A plain directory without permission to list it is named."""
    tmp_path.joinpath("closed").mkdir(mode=0o000)
    result = run_process("closed", cwd=tmp_path, program=unprivileged)
    message = "this directory cannot be read: closed; check its permissions"
    assert result == Result(2, "", f"code-context: error: {message}\n")


def test_a_path_below_a_directory_that_cannot_be_entered(tmp_path: Path, unprivileged: tuple[str, ...]) -> None:
    """A path that cannot be looked at is named with the system's reason."""
    tmp_path.joinpath("closed").mkdir(mode=0o000)
    result = run_process("closed/file", cwd=tmp_path, program=unprivileged)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("code-context: error: this path cannot be used: closed/file: permission denied")
    assert result.err.count("\n") == 1
