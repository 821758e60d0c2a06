"""Servers on this machine that fail: nginx and PostgreSQL, each on the loopback only."""

import os
import pwd
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from failing_cases.project import Cases, Fact, Project, Tool

NGINX = Tool("nginx", ("nginx", "-v"), "apt", ("nginx-light",))
NEWEST = max(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), default=Path("pg_ctl"))
POSTGRES = Tool("postgresql", (str(NEWEST), "--version"), "apt", ("postgresql",))
PSQL = Tool("psql", ("psql", "--version"), "apt", ("postgresql-client",))
CASES = Cases()

REQUESTS = 600
TURNED_AWAY = 40

SITE = """
    worker_processes 1;
    daemon off;
    pid nginx.pid;
    error_log error.log info;
    events {{ worker_connections 1024; }}
    http {{
        access_log access.log;
        client_body_temp_path body; proxy_temp_path proxy;
        fastcgi_temp_path fast; uwsgi_temp_path uw; scgi_temp_path sc;
        server {{
            listen 127.0.0.1:{port};
            root {root}/pages;
            location /basket-of-razzmatazz {{
                proxy_pass http://127.0.0.1:{closed};
            }}
        }}
    }}
"""


def _port() -> int:
    """Return a port of the loopback that nothing listens on."""
    with socket.socket() as own:
        own.bind(("127.0.0.1", 0))
        return int(own.getsockname()[1])


def _get(address: str) -> int:
    """Ask a server of this machine, and return the status of its answer, or 0 while it does not listen."""
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310 - a port of the loopback
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def _wait(address: str) -> None:
    """Wait until a server answers, five seconds at most."""
    for _ in range(100):
        if _get(address):
            return
        time.sleep(0.05)
    raise TimeoutError(f"{address} does not answer")


@CASES.add("nginx-config", NGINX)
def nginx_config(project: Project) -> Sequence[Fact]:
    """300 sites dumped as they are, and then a new configuration with a word that nginx does not know."""
    sites = "".join(f"server {{ listen 127.0.0.1:{20000 + n}; server_name error-{n}.example; }}\n" for n in range(300))
    text = SITE.format(port=8080, closed=8081, root=project.root).replace(
        "        server {", sites + "        server {"
    )
    project.write({"old.conf": text, "nginx.conf": text.replace("proxy_pass", "proxy_pazz_skylark")})
    project.run("nginx", "-T", "-p", ".", "-c", "old.conf", "-e", "stderr")
    project.run("nginx", "-T", "-p", ".", "-c", "nginx.conf", "-e", "stderr")
    message = 'unknown directive "proxy_pazz_skylark"'
    return [Fact(message, "nginx.conf", "proxy_pazz", None, ("skylark",))]


@CASES.add("nginx-upstream", NGINX)
def nginx_upstream(project: Project) -> Sequence[Fact]:
    """Access and error log of 600 requests: pages that are not there, and an upstream that refuses."""
    port = _port()
    closed = _port()
    project.write({"nginx.conf": SITE.format(port=port, closed=closed, root=project.root), "pages/index.html": "fig\n"})
    for path in (project.root, *project.root.parents[:2]):
        path.chmod(0o755)
    with _serving(project, port):
        for number in range(REQUESTS):
            missing = f"favicon-{number}.ico" if number % 5 == 0 else ""
            refused = "basket-of-razzmatazz" if number % (REQUESTS // TURNED_AWAY) == 7 else missing
            project.exit = max(project.exit, int(_get(f"http://127.0.0.1:{port}/{refused}") == 502))
    project.log = b"".join((project.root / f"{name}.log").read_bytes() for name in ("access", "error"))
    project.commands = ["nginx -c nginx.conf", f"{REQUESTS} requests", "cat access.log error.log"]
    message = "connect() failed (111: Connection refused) while connecting to upstream"
    return [Fact(message, None, None, None, ("razzmatazz",))]


@contextmanager
def _serving(project: Project, port: int) -> Iterator[None]:
    """Run nginx in the project as long as the body runs."""
    command = ["nginx", "-p", str(project.root), "-c", "nginx.conf", "-e", "start.log"]
    server = subprocess.Popen(command, cwd=project.root, env=os.environ | {"PATH": project.search})
    try:
        _wait(f"http://127.0.0.1:{port}/")
        yield
    finally:
        server.terminate()
        server.wait(timeout=20)


@CASES.add("postgres", POSTGRES, PSQL)
def postgres(project: Project) -> Sequence[Fact]:
    """A migration under psql that breaks a constraint, with the server's log after it."""
    rows = [f"INSERT INTO item VALUES ({number}, 'error {number}');" for number in range(900)]
    rows.insert(650, "INSERT INTO item VALUES (12, 'pandemonium');")
    project.write({"migrate.sql": "\n".join(["CREATE TABLE item (number int PRIMARY KEY, name text);", *rows]) + "\n"})
    port = str(_port())
    own = _unprivileged(project)
    project.capture(*own, str(NEWEST.with_name("initdb")), "-D", "data", "-A", "trust", "-U", "shop", "-N")
    settings = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c log_statement=all"
    project.capture(*own, str(NEWEST), "-D", "data", "-w", "-l", "server.log", "-o", settings, "start")
    try:
        address = f"host=127.0.0.1 port={port} user=shop dbname=postgres"
        project.run("psql", address, "-a", "-v", "ON_ERROR_STOP=1", "-f", "migrate.sql")
    finally:
        project.capture(*own, str(NEWEST), "-D", "data", "-m", "fast", "stop")
    project.log += (project.root / "server.log").read_bytes()
    project.commands = ["psql -a -v ON_ERROR_STOP=1 -f migrate.sql", "cat server.log"]
    message = 'duplicate key value violates unique constraint "item_pkey"'
    return [Fact(message, "migrate.sql", "pandemonium", None, ("pandemonium",))]


def _unprivileged(project: Project) -> tuple[str, ...]:
    """Return what runs a command as the user that PostgreSQL insists on, where the script runs as root."""
    if os.geteuid():
        return ()
    user = pwd.getpwnam("postgres")
    for path in (project.root, *project.root.parents[:2]):
        path.chmod(0o755)
    os.chown(project.root, user.pw_uid, user.pw_gid)
    return ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups")
