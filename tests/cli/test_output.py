"""-o FILE: what is printed goes to a file, whole or not at all, and never over what is read."""

import os
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopflow.errors import LoopflowError
from loopflow.model import SelectRequest
from loopflow.render.formats import FORMATS
from loopflow.usecases.pipeline import profile
from tests.support.builder import Repo, write_files
from tests.support.charts import words
from tests.support.run import COMMAND, Result, environment, python, run, run_process
from tests.support.screen import run_in_terminal

CONFIG = "[budget]\ntotal = 1_000\n"
OLD = "of yesterday"


@pytest.fixture(autouse=True)
def shared_counts(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the counts of all tests in one place: all of them count the same texts."""
    monkeypatch.setenv("LOOPFLOW_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "counts"))


@pytest.fixture
def project(repo: Repo) -> Repo:
    """Return a repository with a config, a baseline, text that is not ASCII, and a picture."""
    files: dict[str, str | bytes] = {
        "loopflow.toml": CONFIG,
        "src/a.py": words(40),
        "src/ü.py": "x = 'ü'\n",
        "docs/a.md": words(20),
        "p": b"\0",
    }
    repo.track(files).commit()
    run("--profile", "--save-baseline", cwd=repo.root)
    return repo


@pytest.fixture
def descriptor(project: Repo) -> Iterator[str]:
    """Return a path that leads to a tracked file through a descriptor."""
    with (project.root / "src" / "a.py").open() as file:
        yield f"/proc/self/fd/{file.fileno()}"


def files_in(root: Path) -> dict[str, bytes]:
    """Return everything below `root` that git does not keep for itself."""
    return {
        str(path.relative_to(root)): os.readlink(path).encode() if path.is_symlink() else path.read_bytes()
        for path in sorted(root.rglob("*"))
        if ".git" not in path.relative_to(root).parts and (path.is_symlink() or path.is_file())
    }


PRINTS: dict[str, tuple[str, ...]] = {
    "context": (),
    "raw": ("--raw", "src"),
    "staged": ("--staged",),
    "rev": ("--rev", "HEAD", "-e", "py"),
    "fit": ("--fit", "100"),
    "config": ("--show-config",),
    "text": ("--profile", "--files"),
    "check": ("--profile", "--check", "--quiet"),
    "against": ("--profile", "--against", "HEAD"),
    "over": ("--profile", "--rev", "HEAD", "--check", "--config", "strict.toml"),
    **{f"format {name}": ("--profile", "--check", "--format", name) for name in FORMATS},
}


@pytest.mark.parametrize("what", PRINTS)
def test_a_file_has_what_is_printed(what: str, project: Repo, tmp_path: Path) -> None:
    """The file has the bytes that a pipe gets; exit code and remarks are the same, and nothing is printed."""
    (project.root / "strict.toml").write_text("[budget]\ntotal = 1\ngrowth = 0\nfile = 1\n")
    printed = run(*PRINTS[what], cwd=project.root)
    written = run(*PRINTS[what], "-o", str(tmp_path / "file"), cwd=project.root)
    assert (written.code, written.out, written.err) == (printed.code, "", printed.err)
    assert (tmp_path / "file").read_bytes() == printed.out.encode("utf-8", "surrogateescape")
    assert printed.code == (1 if what == "over" else 0)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), min_size=1, max_size=4))
def test_any_texts(texts: list[str]) -> None:
    """Whatever the files hold, a context in a file has the bytes of one that is printed."""
    with tempfile.TemporaryDirectory() as directory:
        root = write_files(Path(directory) / "here", {f"{at}.txt": text for at, text in enumerate(texts)})
        printed = run(cwd=root)
        assert run("-o", "../out", cwd=root) == replace(printed, out="")
        assert (root.parent / "out").read_bytes() == printed.out.encode()


def test_a_file_has_no_colour_and_no_width(project: Repo, tmp_path: Path) -> None:
    """A report in a file is that of a pipe, also where a terminal is narrow and colours are asked for."""
    printed = run("--profile", cwd=project.root).out
    out = str(tmp_path / "report")
    shown = run_in_terminal("--profile", "--color", "always", "-o", out, cwd=project.root, width=20)
    assert (shown.code, shown.out) == (0, "")
    assert Path(out).read_text() == printed
    run("--profile", "-o", out, cwd=project.root, env={"FORCE_COLOR": "1"})
    assert Path(out).read_text() == printed


def test_a_file_is_utf8_whatever_the_locale(project: Repo, tmp_path: Path) -> None:
    """A file is read by other programs than the terminal that the locale is about."""
    options = ("--profile", "-o", str(tmp_path / "file"))
    assert run_process(*options, cwd=project.root, env={"LC_ALL": "C", "PYTHONIOENCODING": "ascii"}).code == 0
    assert (tmp_path / "file").read_text("utf-8") == run("--profile", cwd=project.root).out


def test_a_dash_is_standard_output(project: Repo) -> None:
    """As for other programs, `-o -` is what is done without it."""
    assert run("-o", "-", cwd=project.root) == run(cwd=project.root)
    assert not (project.root / "-").exists()


def test_a_path_is_relative_to_the_current_directory(project: Repo) -> None:
    """As every path on the command line."""
    assert run("-o", "out.xml", "a.py", cwd=project.root / "src").code == 0
    assert (project.root / "src" / "out.xml").read_text().startswith("<documents>")


# --- Never what is read ---

NAMES = {
    "name": "src/a.py",
    "dots": "src/../src/./a.py",
    "absolute": "{}/src/a.py",
    "through a directory": "through/a.py",
    "link": "link",
    "chain": "chain",
    "hard link": "hard",
    "picture": "p",
    "tracked link": "tracked",
}


@pytest.fixture
def names(project: Repo) -> Repo:
    """Return the project with other names of what it tracks."""
    project.link("tracked", "../elsewhere")
    project.track()
    project.link("through", "src")
    project.link("link", "src/a.py")
    project.link("chain", "link")
    os.link(project.root / "src" / "a.py", project.root / "hard")
    return project


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("options", [(), ("--profile",), ("--staged",), ("--rev", "HEAD"), ("--show-config",)])
def test_what_is_read_is_not_written(name: str, options: tuple[str, ...], names: Repo) -> None:
    """Under whatever name a file that is selected goes, it stays, and nothing is written beside it."""
    if name == "tracked link" and "--rev" in options:
        names.commit()
    before = files_in(names.root)
    path = NAMES[name].format(names.root)
    result = run(*options, "-o", path, cwd=names.root)
    what = f"{path} is one of the files that are read, and is not written to"
    hint = "write to another file, or leave this one out with --exclude"
    assert result == Result(2, "", f"code-context: error: {what}; {hint}\n")
    assert files_in(names.root) == before
    assert not (names.root.parent / "elsewhere").exists()


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="there is no /proc")
def test_a_descriptor_is_a_name_too(project: Repo, descriptor: str) -> None:
    """What a descriptor leads to is known by what it is."""
    assert "is one of the files that are read" in run("-o", descriptor, cwd=project.root).err
    assert (project.root / "src" / "a.py").read_text() == words(40)


@pytest.mark.parametrize("name", NAMES)
def test_a_report_is_not_written_over_what_is_read(name: str, names: Repo) -> None:
    """--report is held to the same."""
    before = files_in(names.root)
    result = run("--profile", "--report", f"json:{NAMES[name].format(names.root)}", cwd=names.root)
    assert (result.code, result.out) == (2, "")
    assert "is one of the files that are read" in result.err
    assert files_in(names.root) == before


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("src", "-o", "loopflow.toml"), "loopflow.toml is the config file"),
        (("--show-config", "-o", "loopflow.toml"), "loopflow.toml is the config file"),
        (
            ("src", "--config", "other/x.toml", "-o", "other/../other/x.toml"),
            "other/../other/x.toml is the config file",
        ),
        (("src", "--profile", "-o", ".loopflow-baseline.json"), ".loopflow-baseline.json is the baseline"),
        (("src", "--profile", "--report", "csv:.loopflow-baseline.json"), ".loopflow-baseline.json is the baseline"),
        (("--profile", "--baseline", "--baseline-file", "../kept", "-o", "../kept"), "../kept is the baseline"),
        (("--profile", "--check", "--baseline", "--baseline-file", "../kept", "-o", "../kept"), "../kept is the base"),
    ],
)
def test_what_a_run_goes_by_is_not_written(options: tuple[str, ...], said: str, project: Repo) -> None:
    """Config and baseline are read as well, though they are not selected."""
    write_files(project.root / "other", {"x.toml": CONFIG})
    (project.root.parent / "kept").write_bytes((project.root / ".loopflow-baseline.json").read_bytes())
    before = files_in(project.root.parent)
    result = run(*options, cwd=project.root)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"code-context: error: {said}")
    assert files_in(project.root.parent) == before


def test_a_file_that_is_not_read_is_replaced(project: Repo) -> None:
    """What a filter leaves out, and what git does not track, is a file as any other."""
    (project.root / "out").write_text(OLD)
    for name in ("docs/a.md", "out"):
        assert run("-e", "py", "-o", name, cwd=project.root).code == 0
        assert (project.root / name).read_text().startswith("<documents>")


def test_untracked_files_are_read_with_u(project: Repo) -> None:
    """The context of the run before is an untracked file: with -u it would become part of the next one."""
    assert run("-u", "-o", "out.xml", cwd=project.root).code == 0
    assert "out.xml" not in (project.root / "out.xml").read_text()
    result = run("-u", "-o", "out.xml", cwd=project.root)
    assert "out.xml is one of the files that are read" in result.err
    assert run("-u", "--exclude", "/out.xml", "-o", "out.xml", cwd=project.root).code == 0


def test_a_plain_directory(tmp_path: Path) -> None:
    """The file is made after the directory is listed, so that it does not hold itself."""
    root = write_files(tmp_path / "plain", {"a.py": "x\n", "sub/b.py": "y\n"})
    assert run("-o", "out", cwd=root).code == 0
    assert (root / "out").read_text().count("<source>") == 2
    assert run("-o", "out", cwd=root).code == 2
    assert run("sub", "-o", "out", cwd=root).code == 0


def test_programs_can_name_what_they_write(project: Repo) -> None:
    """A request names what its caller is going to write, and is refused the same."""
    with pytest.raises(LoopflowError, match=r"src/a\.py is one of the files that are read"):
        profile(SelectRequest(outputs=("src/a.py",)), root=str(project.root))


# --- Whole, or not at all ---


def test_a_run_that_fails_leaves_the_file(project: Repo) -> None:
    """Wherever it ends, the old file is there, and nothing beside it."""
    (project.root / "out").write_text(OLD)
    before = files_in(project.root)
    for options in (("nowhere",), ("--rev", "gone"), ("--profile", "--format", "xml"), ("--config", "none.toml")):
        assert run(*options, "-o", "out", cwd=project.root).code == 2
    assert files_in(project.root) == before


def test_a_run_that_fails_half_way_leaves_the_file(project: Repo) -> None:
    """An object that is damaged is met after the first texts were written; what was there is there."""
    blob = project.git("rev-parse", "HEAD:src/a.py").decode().strip()
    path = project.root / ".git" / "objects" / blob[:2] / blob[2:]
    path.chmod(0o644)
    path.write_bytes(b"damaged")
    (project.root / "out").write_text(OLD)
    before = files_in(project.root)
    result = run("--rev", "HEAD", "--no-cache", "-o", "out", cwd=project.root)
    assert (result.code, result.out) == (2, "")
    assert files_in(project.root) == before


@pytest.mark.parametrize("place", ["nowhere/out", "p/out", ".", "src/", "new/", ""])
@pytest.mark.parametrize("options", [(), ("--profile", "--format", "json"), ("--show-config",)])
def test_a_place_that_is_none(place: str, options: tuple[str, ...], project: Repo) -> None:
    """The file is named, on one line, with what the system says of it."""
    before = files_in(project.root)
    result = run(*options, "-o", place, cwd=project.root)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"code-context: error: {place} cannot be written: ")
    assert result.err.count("\n") == 1
    assert files_in(project.root) == before


@pytest.mark.parametrize("size", [10, 100_000])
def test_a_disk_that_is_full(size: int, repo: Repo) -> None:
    """A context that does not fit on the disk leaves the old file, whenever that is noticed."""
    repo.track({"a.py": "x\n" * size})
    (repo.root / "out").write_text(OLD)
    limit = "resource.setrlimit(resource.RLIMIT_FSIZE, (50, resource.RLIM_INFINITY))"
    code = f"import resource, sys\nsys.dont_write_bytecode = True\n{limit}"
    program = python(code)
    result = run_process("--no-cache", "-o", "out", cwd=repo.root, program=program)
    assert (result.code, result.out) == (2, "")
    assert "out cannot be written: file too large" in result.err
    assert files_in(repo.root) == {"a.py": b"x\n" * size, "out": OLD.encode()}


def test_a_run_that_is_interrupted_leaves_the_file(repo: Repo) -> None:
    """An interrupt in the middle of a text leaves the old file, and nothing beside it."""
    repo.track({"a.py": "x\n", "b.py": "y\n"})
    (repo.root / "out").write_text(OLD)
    code = """
from loopflow.io.count.context import ContextWriter
def interrupt(self):
    raise KeyboardInterrupt
ContextWriter.close = interrupt
"""
    program = python(code)
    assert run_process("-o", "out", cwd=repo.root, program=program).code == 130
    assert sorted(files_in(repo.root)) == ["a.py", "b.py", "out"]
    assert (repo.root / "out").read_text() == OLD


def test_a_file_keeps_its_permissions_and_a_link_stays(project: Repo, tmp_path: Path) -> None:
    """The file is replaced as any other that is saved."""
    file = tmp_path / "file"
    file.write_text(OLD)
    file.chmod(0o600)
    (tmp_path / "link").symlink_to("file")
    assert run("-o", str(tmp_path / "link"), cwd=project.root).code == 0
    assert (tmp_path / "link").is_symlink()
    assert (stat.S_IMODE(file.stat().st_mode), file.read_text()[:11]) == (0o600, "<documents>")


# --- Pipes ---


def test_a_pipe_is_written_to(project: Repo, tmp_path: Path) -> None:
    """Whoever reads a named pipe gets all of it."""
    os.mkfifo(tmp_path / "pipe")
    received: list[str] = []
    reader = Thread(target=lambda: received.append((tmp_path / "pipe").read_text()))
    reader.start()
    assert run("-o", str(tmp_path / "pipe"), cwd=project.root).code == 0
    reader.join()
    assert received == [run(cwd=project.root).out]
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


@pytest.mark.skipif(not os.path.exists("/dev/stdout"), reason="there is no /dev/stdout")
@pytest.mark.parametrize("mode", ["wb", "ab"])
def test_standard_output_by_its_name(mode: str, project: Repo, tmp_path: Path) -> None:
    """/dev/stdout is where the run prints, be it a pipe or a file that the shell opened."""
    printed = run(cwd=project.root).out.encode()
    assert run_process("-o", "/dev/stdout", cwd=project.root).out.encode() == printed
    (tmp_path / "out").write_text("before\n")
    with (tmp_path / "out").open(mode) as out:
        command = [*COMMAND, "-o", "/dev/stdout"]
        subprocess.run(command, cwd=project.root, stdout=out, stderr=subprocess.DEVNULL, check=True, env=environment())
    assert (tmp_path / "out").read_bytes() == (b"before\n" if mode == "ab" else b"") + printed


def test_a_pipe_that_nobody_reads_any_more(repo: Repo) -> None:
    """Whoever reads has seen enough: that is no error, for a context and for a profile, whose verdict is the same."""
    repo.track({"a.py": "x = 1\n" * 100_000, "loopflow.toml": "[budget]\ntotal = 1\n"})
    for options in ((), ("--profile", "--files", "--format", "json", "--check")):
        command = ["bash", "-c", 'set -o pipefail; "$@" -o /dev/stdout | head -c 1', "bash", *COMMAND, *options]
        done = subprocess.run(command, cwd=repo.root, capture_output=True, check=False, env=environment())
        assert (done.returncode, b"error" in done.stderr) == (1 if options else 0, False)


# --- What does not go together ---


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--copy", "-o", "x"), "--output writes to a file, --copy to the clipboard; leave one of them out"),
        (("--copy", "-o", "-"), "--output writes to a file, --copy to the clipboard; leave one of them out"),
        (("--init", "-o", "x"), "--init looks at the whole repository"),
        (("--profile", "--save-baseline", "-o", "x"), "--save-baseline writes the baseline, and does nothing else"),
    ],
)
def test_what_does_not_go_together(options: tuple[str, ...], said: str, project: Repo) -> None:
    """What prints nothing, or elsewhere, has nothing for a file."""
    before = files_in(project.root)
    result = run(*options, cwd=project.root)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"code-context: error: {said}")
    assert files_in(project.root) == before
