"""The command `loopflow serve`: what keeps it from beginning, in one line each."""

import socket
import stat
from pathlib import Path

import pytest

from loopflow.cli import main as family
from loopflow.cli.serve import serve as command
from loopflow.errors import UsageError
from loopflow.service.auth import host_name
from loopflow.service.database import Database, read_database_url
from loopflow.service.serving import FileLock
from tests.support.builder import Repo
from tests.support.run import Result, run


def call(here: Path, *arguments: str, **env: str) -> Result:
    """Call the command; whatever is tried here does not get as far as listening for long."""
    return run(*arguments, cwd=here, env={"LOOPFLOW_DATA_DIR": str(here / "data"), **env}, command=command)


def refused(result: Result, what: str) -> None:
    """Hold that it ended with 2, and one line that says what and what to do."""
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)
    assert what in result.err
    assert "; " in result.err


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("--host", "0.0.0.0"), "others could ask without a token"),  # noqa: S104  it is refused
        (("--proxy",), "others could ask without a token"),
        (("--allowed-host", "x"), "others could ask without a token"),
        (("--root", "missing"), "there is no directory missing"),
        (("--token-file", "missing"), "the token file missing cannot be read"),
        (("--database", "mysql://x"), "that is no database that can be used"),
        (("--encoding", "gpt2"), "gpt2"),
        (("--port", "99999"), "99999"),
        (("--config", "missing"), "there is no config file missing"),
        (("nonsense",), "nonsense"),
    ],
)
def test_a_wrong_command_line(tmp_path: Path, arguments: tuple[str, ...], what: str) -> None:
    """It says what, and what to do."""
    refused(call(tmp_path, *arguments), what)


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    """It is named."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused(call(tmp_path, "--port", str(port)), f"cannot listen at 127.0.0.1:{port}: address already in use")


def test_weak_tokens(tmp_path: Path) -> None:
    """And one that others may read."""
    refused(call(tmp_path, LOOPFLOW_SERVICE_TOKEN="weak"), "the token of LOOPFLOW_SERVICE_TOKEN is weak")  # noqa: S106
    (tmp_path / "t").write_text("t" * 40)
    (tmp_path / "t").chmod(0o644)
    refused(call(tmp_path, "--token-file", "t"), "others may read the token in t")


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ('host = "127.0.0.1"', "host"),
        ('allowed_hosts = ["x"]', "allowed_hosts"),
        ('api_private = ["10.0.0.1:80"]', "api_private"),
        ('database = "sqlite:////x"', "database"),
        ('roots = ["/"]', "roots"),
        ('roots = ["a/../.."]', "roots"),
        ('deny = ["!.env*"]', "deny"),
        ('[service.api.a]\nurl = "https://x"\nheaders = {A = "env:SECRET"}', "api"),
    ],
)
def test_found_config_cannot_widen(repo: Repo, line: str, key: str) -> None:
    """A config that lies in a repository is anybody's; named with --config it is the user's."""
    repo.write("loopflow.toml", f"[service]\n{line}\n")
    refused(call(repo.root, "--database", "mysql://x"), f"service.{key}: ")
    token = {"LOOPFLOW_SERVICE_TOKEN": "t" * 32}
    named = call(repo.root, "--database", "mysql://x", "--config", "loopflow.toml", **token)
    assert "that is no database" in named.err


@pytest.mark.parametrize(
    "line",
    [
        *(
            "port = 70000",
            "port = true",
            'api = "some"',
            "workers = 0",
            'file_max = "1 XB"',
            'timeout = "soon"',
            "nonsense = 1",
        ),
        *(
            'api_private = "x"',
            '[service.api.a]\nurl = "ftp://x"',
            "[service.api.a]",
            "[service.variables]\na = 1",
            'warn = "0%"',
        ),
        *(
            '[[service.api_cache]]\npattern = "x"',
            '[[service.model]]\nname = "x"\nwindow = 0',
            "[[service.model]]\nwindow = 1",
        ),
        *(
            f'[[service.model]]\nname = "x"\nwindow = 1\nprice = {price}'
            for price in (
                "2.5",
                '"2.50"',
                '"$"',
                '"$2,50"',
                '"-$2.50"',
                '"$-2.50"',
                '"$2.50 EUR"',
                '"$1e3"',
                '"$\u0662"',
                '""',
            )
        ),
        '[service.api.a]\nurl = "https://x"\nheaders = {"a b" = "c"}',
        '[service.api.a]\nurl = "https://x"\nmethod = "PATCH"',
    ],
)
def test_a_wrong_config(tmp_path: Path, line: str) -> None:
    """It names key and line."""
    (tmp_path / "loopflow.toml").write_text(f"[service]\n{line}\n")
    refused(call(tmp_path), "loopflow.toml")


def test_a_newer_database(tmp_path: Path) -> None:
    """Nothing of it is touched."""
    database = Database(read_database_url(f"sqlite:///{tmp_path}/s"))
    database.create()
    with database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE meta SET value = 2")
    database.close()
    refused(call(tmp_path, "--port", "0", "--database", f"sqlite:///{tmp_path}/s"), "the database has schema 2")


def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It names the command that installs it, and `count` needs none of it."""
    monkeypatch.setattr(family, "find_spec", lambda _: None)
    result = run("serve", cwd=tmp_path, command=family.loopflow)
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert "pip install 'loopflow-code-context[service]'" in result.err
    assert run("count", "--text", "hello world", cwd=tmp_path, command=family.loopflow).out == "2\n"


def test_one_file_has_one_process(tmp_path: Path) -> None:
    """The lock is its owner's alone, and given back."""
    lock = FileLock(f"{tmp_path}/s")
    with pytest.raises(UsageError, match="serves with this database"):
        FileLock(f"{tmp_path}/s")
    lock.release()
    FileLock(f"{tmp_path}/s").release()
    assert stat.S_IMODE((tmp_path / "s.lock").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("a:80", "a"),
        ("A", "a"),
        ("[::1]:80", "[::1]"),
        ("[::1]", "[::1]"),
        ("a:b", "a:b"),
        ("", ""),
        ("a.b.:1", "a.b."),
    ],
)
def test_the_name_in_a_host(host: str, name: str) -> None:
    """Without its port."""
    assert host_name(host) == name
