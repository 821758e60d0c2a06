"""--copy, with a real clipboard: an X server without a screen, and xclip."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.run import Result, run, run_process

IN_CI = bool(os.environ.get("CI"))  # read before the tests' environment is made
NO_DISPLAY = {"DISPLAY": "", "WAYLAND_DISPLAY": ""}

only_linux = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is always a clipboard")


@pytest.fixture(scope="module")
def display(isolated_session: None) -> Iterator[dict[str, str]]:  # noqa: ARG001
    """Run an X server and return the environment that names it."""
    missing = [program for program in ("Xvfb", "xclip") if not shutil.which(program)]
    if missing and IN_CI:
        pytest.fail(f"not installed: {', '.join(missing)}")
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    command = ["Xvfb", "-displayfd", "1", "-nolisten", "tcp", "-screen", "0", "64x64x8"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        assert server.stdout
        number = server.stdout.readline().decode().strip()
        assert number, "Xvfb did not start"
        yield NO_DISPLAY | {"DISPLAY": f":{number}"}
        server.terminate()


def clipboard(display: dict[str, str]) -> str:
    command = ["xclip", "-selection", "clipboard", "-o"]
    return subprocess.run(command, env={**os.environ, **display}, capture_output=True, check=True).stdout.decode()


def test_a_context_is_copied(display: dict[str, str], sample: Path) -> None:
    """The clipboard gets what would be printed, to the letter; stdout gets nothing, and stderr says so."""
    result = run_process("--copy", "docs", cwd=sample, env=display)
    printed = run("docs", cwd=sample)
    assert (result.code, result.out) == (0, "")
    assert clipboard(display) == printed.out
    assert result.err == printed.err.replace("\n", ", copied to the clipboard\n")


def test_a_profile_is_copied_without_colours(display: dict[str, str], binary: Path) -> None:
    """Charts are copied as they look in a file, whatever colours are asked for."""
    result = run_process("--profile", "--pbcopy", "--color", "always", cwd=binary, env=display)
    assert result == Result(0, "", "code-context: copied to the clipboard\n")
    assert clipboard(display) == run("--profile", cwd=binary).out


def test_json_is_copied(display: dict[str, str], binary: Path) -> None:
    """--copy takes any format, and --quiet leaves nothing to read."""
    quiet = run_process("--profile", "--copy", "-q", "--format", "json", cwd=binary, env=display)
    assert quiet == Result(0, "", "")
    assert clipboard(display) == run("--profile", "--format", "json", cwd=binary).out


def test_a_large_context_is_copied(display: dict[str, str], large: Path) -> None:
    """What does not fit into one message of the X protocol is copied whole."""
    assert run_process("-p", "-q", cwd=large, env=display) == Result(0, "", "")
    copied = clipboard(display)
    assert copied.count("<document_content>\n" + "x = 1\n" * 50 + "</document_content>\n") == 1000
    assert copied.endswith("</documents>\n")


@only_linux
@pytest.mark.parametrize("mode", [[], ["--profile"]])
def test_there_is_no_clipboard(mode: list[str], binary: Path) -> None:
    """Where there is no clipboard the run ends with 2, and says what to install or do instead."""
    message = (
        "there is no clipboard to copy to; install xclip, xsel or wl-clipboard, or leave out --copy and use a pipe"
    )
    result = run_process(*mode, "--copy", cwd=binary, env=NO_DISPLAY)
    assert result == Result(2, "", f"code-context: error: {message}\n")


@only_linux
@pytest.mark.skipif(not shutil.which("xclip"), reason="xclip is not installed")
def test_a_clipboard_that_does_not_work(binary: Path) -> None:
    """Where the program that should copy fails, nobody is told that anything was copied."""
    result = run_process("--copy", cwd=binary, env=NO_DISPLAY | {"DISPLAY": ":9999"})
    message = "the clipboard did not take it; check DISPLAY, or leave out --copy and use a pipe"
    assert result == Result(2, "", f"code-context: error: {message}\n")
