"""A PostgreSQL server for tests: as Debian's packages install it, on a socket of its own, for one run."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from glob import glob

import pytest

from tests.support.browser import IN_CI


@contextmanager
def serve_postgres() -> Iterator[str]:
    """Start a server, and yield what makes a URL of a name; without one, fail in CI and skip elsewhere."""
    found = sorted(glob("/usr/lib/postgresql/*/bin")) or [os.path.dirname(shutil.which("initdb") or "")]
    programs = found[-1]
    if not os.path.exists(os.path.join(programs, "initdb")):
        (pytest.fail if IN_CI else pytest.skip)("no PostgreSQL is installed")
    directory = tempfile.mkdtemp(prefix="pg", dir="/tmp")  # the path of a socket has 107 bytes at most
    try:
        if os.getuid() == 0:
            shutil.chown(directory, "postgres")
        data, options = f"{directory}/data", f"-k {directory} -c listen_addresses='' -c fsync=off -c max_connections=40"
        _run(f"{programs}/initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        _run(f"{programs}/pg_ctl", "-D", data, "-w", "-l", f"{directory}/log", "-o", options, "start")
        try:
            yield f"postgresql://postgres@/{{}}?host={directory}"
        finally:
            _run(f"{programs}/pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def restart_postgres(url: str) -> None:
    """Stop the server of a database as a crash would, and start it again."""
    directory = url.rpartition("=")[2]
    programs = max(glob("/usr/lib/postgresql/*/bin"))
    _run(f"{programs}/pg_ctl", "-D", f"{directory}/data", "-m", "immediate", "-w", "-l", f"{directory}/log", "restart")


def make_database(url: str, name: str) -> str:
    """Make an empty database, and return its URL."""
    import psycopg  # noqa: PLC0415  few tests need it

    with psycopg.connect(url.format("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return url.format(name)


def _run(*command: str) -> None:
    """Run a program of the server, which root may not."""
    prefix = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
    subprocess.run([*prefix, *command], check=True, capture_output=True, cwd="/")
