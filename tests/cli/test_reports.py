"""--format and --report: every kind, on stdout and in files, in one run, whatever else the run is asked for."""

import csv
import json
import os
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from loopflow.render.formats import FORMATS, TEXT
from tests.support.builder import Repo, write_files
from tests.support.charts import words
from tests.support.markdown import read_page
from tests.support.run import COMMAND, Result, run, run_process, shell
from tests.support.schema import complaints
from tests.support.workflow import Command, find_commands

CONFIG = """exclude = ["/loopflow.toml"]

[budget]
total = 1_000

[[rule]]
name = "api"
paths = ["src/"]
total = 100
file = 90
"""


@pytest.fixture(autouse=True)
def shared_counts(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the counts of all tests in one place: all of them count the same texts."""
    monkeypatch.setenv("LOOPFLOW_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "counts"))


@pytest.fixture
def project(repo: Repo) -> Repo:
    """Return a repository with a file that is new and too large, and one that was so before."""
    repo.track({"loopflow.toml": CONFIG, "src/old.py": words(95), "docs/a.md": words(20), "a.png": b"\0"}).commit()
    repo.track({"src/new.py": words(91, "n")})
    return repo


def check_json(text: str) -> None:
    document = json.loads(text)
    assert complaints(document) == []
    assert document["total"]["tokens"] == 206


def check_gitlab(text: str) -> None:
    issues = json.loads(text)
    assert complaints(issues, "gitlab") == []
    assert {issue["location"]["path"] for issue in issues} == {"loopflow.toml", "src/new.py"}


def check_badge_json(text: str) -> None:
    document = json.loads(text)
    assert complaints(document, "badge") == []
    assert (document["message"], document["color"]) == ("20.6% of 1k tokens", "green")


def check_badge(text: str) -> None:
    assert ET.fromstring(text).get("aria-label") == "206 tokens, 20.6% of the budget of 1,000"  # noqa: S314


def check_csv(text: str) -> None:
    header, total, *_ = csv.reader(text.split("\r\n")[:-1], strict=True)
    assert dict(zip(header, total, strict=True)) | {"tokens": "206", "base": "115", "delta": "91"} == dict(
        zip(header, total, strict=True)
    )


def check_markdown(text: str) -> None:
    (headline,) = read_page(text).headings
    assert headline == "❌ Over budget: 2 limits exceeded · 206 tokens · +91 (+79.1%) since HEAD"


def check_github(text: str) -> None:
    commands = [command for command in find_commands(text) if isinstance(command, Command)]
    assert len(commands) == text.count("\n") == 2
    places = [(command.name, command.properties["file"], command.properties["line"]) for command in commands]
    assert places == [("error", "loopflow.toml", "9"), ("error", "src/new.py", "1")]


def check_html(text: str) -> None:
    parser = HTMLParser()
    parser.feed(text)
    parser.close()
    assert text.lstrip().lower().startswith("<!doctype html>")
    assert "206" in text


def check_text(text: str) -> None:
    assert "Total: 206 tokens in 3 files" in text
    assert "FAIL api, total: 186 tokens, 86 more than the limit of 100" in text


CHECKS: dict[str, Callable[[str], None]] = {
    "text": check_text,
    "json": check_json,
    "markdown": check_markdown,
    "html": check_html,
    "csv": check_csv,
    "github": check_github,
    "gitlab": check_gitlab,
    "badge": check_badge,
    "badge-json": check_badge_json,
}


def reports(directory: Path) -> list[str]:
    return [f"--report={name}:{directory / name}" for name in FORMATS]


def read(path: Path) -> str:
    return path.read_bytes().decode()


def test_every_format_is_read_back() -> None:
    """The table above has a reader for each format that the command has."""
    assert CHECKS.keys() == {*FORMATS}


def test_one_run_writes_every_report(project: Repo, tmp_path: Path) -> None:
    """Each file is read back by something else, and holds the numbers of the run; the exit code is that of the run."""
    result = run("--profile", "--staged", "--check", "--quiet", *reports(tmp_path), cwd=project.root)
    assert result.code == 1
    assert result.out.startswith("FAIL ")
    for name, check in CHECKS.items():
        check(read(tmp_path / name))


def test_a_report_is_what_is_printed(project: Repo, tmp_path: Path) -> None:
    """The same bytes, whether they go to stdout or to a file, and whatever else the run prints."""
    judged = ("--profile", "--staged", "--check")
    run(*judged, *reports(tmp_path), cwd=project.root)
    for name in FORMATS:
        assert run(*judged, "--format", name, cwd=project.root) == Result(1, read(tmp_path / name), "")


def test_options_that_shape_the_charts_change_no_data(project: Repo, tmp_path: Path) -> None:
    """Depth, files, top and the rest are for who reads the charts."""
    shaped = ("--depth", "0", "--files", "--top", "1", "--cuts", "--verbose", "--color", "always")
    for directory, options in (("plain", ()), ("shaped", shaped)):
        (tmp_path / directory).mkdir()
        run("--profile", "--against", "HEAD", *options, *reports(tmp_path / directory), cwd=project.root)
    differ = {name for name in FORMATS if read(tmp_path / "plain" / name) != read(tmp_path / "shaped" / name)}
    assert differ == {TEXT}


def test_options_that_shape_the_charts_hold_for_a_text_report(project: Repo, tmp_path: Path) -> None:
    """A report as text is what a pipe gets, and has no colours."""
    shaped = ("--profile", "--depth", "0", "--top", "1", "--color", "always", f"--report=text:{tmp_path / 'report'}")
    run(*shaped, "--format", "json", cwd=project.root)
    assert read(tmp_path / "report") == run("--profile", "--depth", "0", "--top", "1", cwd=project.root).out


def test_an_empty_repository_has_every_report(repo: Repo, tmp_path: Path) -> None:
    """Nothing counted is a report too; only what points at faults may have nothing to say."""
    assert run("--profile", *reports(tmp_path), cwd=repo.root).code == 0
    assert {name for name in FORMATS if not read(tmp_path / name)} == {"github"}


@pytest.mark.parametrize("name", ["markdown", "csv"])
def test_a_locale_without_letters_changes_no_data(name: str, project: Repo) -> None:
    """What is not text for a screen is in UTF-8, whatever the terminal's encoding."""
    project.track({"日本語.md": "x\n"})
    ascii_only = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    plain = run("--profile", "--format", name, cwd=project.root)
    assert run("--profile", "--format", name, cwd=project.root, env=ascii_only) == plain
    assert "日本語.md" in plain.out


@pytest.mark.parametrize("value", ["json", "json:", "JSON:x", "a\nb:x"])
def test_a_report_that_is_none(value: str, binary: Path) -> None:
    """A format and a file are needed, and the message names the formats."""
    result = run("--profile", "--report", value, cwd=binary)
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)
    assert result.err.endswith(f"; write FORMAT:FILE, with one of {', '.join(FORMATS)}\n")


def test_a_report_is_about_a_profile(binary: Path) -> None:
    """Context has no reports."""
    said = "--report is about a profile, and no profile is asked for; add --profile"
    assert run("--report", "json:x", cwd=binary) == Result(2, "", f"code-context: error: {said}\n")


@pytest.mark.parametrize("place", ["nowhere/report.json", ".", "a.png/report.json"])
def test_a_report_that_cannot_be_written(place: str, project: Repo) -> None:
    """The file is named, on one line, and the run fails: who asked for a report waits for it."""
    result = run("--profile", "--report", f"json:{place}", cwd=project.root)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"code-context: error: {place} cannot be written: ")
    assert result.err.count("\n") == 1


def test_a_file_may_have_any_name(project: Repo, tmp_path: Path) -> None:
    """Only the first colon ends the format, and a link stays one."""
    (tmp_path / "link").symlink_to("target:1,2 3")
    run("--profile", f"--report=badge-json:{tmp_path / 'a:b'}", f"--report=csv:{tmp_path / 'link'}", cwd=project.root)
    assert json.loads(read(tmp_path / "a:b"))["message"] == "206 tokens"
    assert (tmp_path / "link").is_symlink()
    assert read(tmp_path / "target:1,2 3").startswith("kind,path,")


def test_a_report_replaces_the_one_before(project: Repo, tmp_path: Path) -> None:
    """A report is whole: of a longer one that was there, nothing is left."""
    (tmp_path / "report").write_text("x" * 100_000)
    run("--profile", f"--report=gitlab:{tmp_path / 'report'}", cwd=project.root)
    assert read(tmp_path / "report") == "[]\n"


def test_a_run_that_fails_leaves_the_report_alone(project: Repo, tmp_path: Path) -> None:
    """What cannot be counted is no report."""
    (tmp_path / "report").write_text("of yesterday")
    assert run("--profile", "--rev", "gone", f"--report=json:{tmp_path / 'report'}", cwd=project.root).code == 2
    assert read(tmp_path / "report") == "of yesterday"


def test_reports_can_go_to_a_stream(project: Repo, tmp_path: Path) -> None:
    """What this process prints to is written to, and not replaced."""
    os.mkfifo(tmp_path / "pipe")
    asked = ("--profile", "--quiet", "--format", "badge-json", "--report=gitlab:/dev/stdout")
    assert run_process(*asked, cwd=project.root).out.startswith('[]\n{"schemaVersion": 1')
    program = ("sh", "-c", f'cat {tmp_path}/pipe & "$@"; wait', "sh", *COMMAND)
    result = run_process(*asked[:4], f"--report=gitlab:{tmp_path}/pipe", cwd=project.root, program=program)
    assert "[]" in result.out.splitlines()
    assert (tmp_path / "pipe").is_fifo()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
@pytest.mark.parametrize("options", [("--format", "csv"), ("--report", "csv:/dev/full")])
def test_a_full_disk_is_named(options: tuple[str, ...], project: Repo) -> None:
    """Output that does not arrive is an error, on stdout as in a file."""
    result = run_process("--profile", *options, cwd=project.root, program=shell(">/dev/full"))
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert ": no space left on device; " in result.err


@pytest.mark.parametrize("name", ["markdown", "html"])
def test_a_report_says_where_it_comes_from(project: Repo, name: str) -> None:
    """Repository, commit and day: of a commit its own, else that of the run, which the environment may say."""
    project.git("remote", "add", "origin", "https://someone:secret@example.invalid/owner/thing.git")
    commit = project.git("rev-parse", "HEAD").decode()[:7]
    for options, said, day in (
        ((), f"work tree at {commit}", "2026-11-27"),
        (("--staged",), f"staged on {commit}", "2026-11-27"),
        (("--rev", "HEAD"), f"commit {commit}", "2024-01-01"),
    ):
        env = {"SOURCE_DATE_EPOCH": "1795737600"}
        shown = run("--profile", "--format", name, *options, cwd=project.root, env=env).out
        plain = re.sub("<[^>]*>|[`*]", "", shown)
        assert re.search(rf"thing\b(?s:.*){said} · work · {day}\n?", plain)
        assert "secret" not in shown


def test_a_directory_without_git_has_a_name_too(tmp_path: Path) -> None:
    """Where there is no commit, the directory and the day are said; of a repository without commits as well."""
    write_files(tmp_path / "loose", {"a.md": "one\n"})
    shown = run("--profile", "--format", "markdown", cwd=tmp_path / "loose").out
    assert "\n**`loose`** · work tree · 2024-01-01\n" in shown
    new = Repo(tmp_path / "new").track({"a.md": "one\n"})
    assert (
        "\n**`new`** · staged · 2024-01-01\n" in run("--profile", "--staged", "--format", "markdown", cwd=new.root).out
    )


@pytest.mark.parametrize("value", ["soon", "-1", "9" * 15, "1.5"])
def test_a_moment_that_is_none_is_refused(project: Repo, value: str) -> None:
    """Whoever sets SOURCE_DATE_EPOCH relies on it."""
    result = run("--profile", "--format", "markdown", cwd=project.root, env={"SOURCE_DATE_EPOCH": value})
    assert (result.code, result.out) == (2, "")
    assert f"SOURCE_DATE_EPOCH is {value}; set it to seconds since 1970" in result.err


def test_the_name_of_an_id_can_be_told(project: Repo) -> None:
    """A caller that has the id of a commit and knows the branch, as a CI job does, can say both; JSON has the id."""
    base = project.git("rev-parse", "HEAD").decode().strip()
    project.commit()
    env = {"LOOPFLOW_AGAINST_NAME": "main"}
    result = run(
        "--profile",
        "--rev",
        "HEAD",
        "--against",
        base,
        "--format",
        "json",
        "--report",
        "text:t",
        cwd=project.root,
        env=env,
    )
    assert result.json["compared_with"]["name"] == base
    assert f"than main, where this branch left it, {base[:7]} (" in (project.root / "t").read_text()


@pytest.mark.parametrize("name", ["markdown", "html"])
def test_a_report_is_reproducible(project: Repo, name: str) -> None:
    """The same input gives the same bytes, but for the day of the run."""
    first, second, later = (
        run(
            "--profile", "--against", "HEAD", "--format", name, cwd=project.root, env={"SOURCE_DATE_EPOCH": seconds}
        ).out
        for seconds in ("1704067200", "1704067200", "1704153600")
    )
    assert first == second != later
    assert first.replace("2024-01-01", "2024-01-02") == later
