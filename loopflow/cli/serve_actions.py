"""What `loopflow serve` does with the options that it was given."""

import json
import logging
import os
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from typing import Any, Final

from loopflow.analysis.names import escape_name
from loopflow.config.sections import read_section
from loopflow.console.console import Console
from loopflow.console.directories import cache_directory, data_directory
from loopflow.errors import ExitCode, UsageError
from loopflow.model import ConfigRequest
from loopflow.service.auth import make_access, needs_token, read_token
from loopflow.service.counting import Engine
from loopflow.service.database import Database, read_database_url
from loopflow.service.places import FileRules
from loopflow.service.serving import FileLock, Serving, bind, run_serving
from loopflow.service.settings import ServiceSettings, require_trusted
from loopflow.tokens.choice import require_encoding
from loopflow.usecases.find_config import find_config_here

_FILE: Final = "service.sqlite3"
_DEBUG: Final = 2


def run(given: dict[str, Any], console: Console, here: str) -> ExitCode:
    """Serve until a signal comes."""
    if not here:
        raise UsageError("the current directory does not exist any more", "change to another one")
    environ = console.environ
    file = given["config"] or environ.get("LOOPFLOW_CONFIG") or None
    config = find_config_here(here, ConfigRequest({"encoding": given["encoding"]}, environ, file))
    require_encoding(config.encoding)
    require_trusted(config.sections.get("service"), is_named=file is not None)
    settings = _overridden(read_section(config.sections, "service"), given, environ, here)
    token = read_token(environ, given["token_file"], here)
    access = make_access(settings.host, settings.allowed_hosts, token, proxy=given["proxy"])
    database = Database(read_database_url(settings.database or ""))
    rules = FileRules(_roots(settings, given, here), settings.deny, settings.file_max, environ)
    engine = Engine(environ.get("LOOPFLOW_ENGINE") or None, cache_directory(environ, here), settings.threads)
    serving = Serving(
        settings, database, config.encoding, engine, rules, access, environ, is_behind_proxy=given["proxy"]
    )
    _start_logging(console, given["log"], given["verbose"])
    listening = bind(settings.host, settings.port)
    with closing(listening), FileLock(database.path):
        return run_serving(serving, listening, console.note)


def _overridden(
    settings: ServiceSettings, given: Mapping[str, Any], environ: Mapping[str, str], here: str
) -> ServiceSettings:
    standard = f"sqlite:///{os.path.join(data_directory(environ, here), _FILE)}"
    named = given["database"] or environ.get("LOOPFLOW_SERVICE_DATABASE") or settings.database
    return replace(
        settings,
        host=given["host"] or settings.host,
        port=settings.port if given["port"] is None else given["port"],
        database=named or standard,
        allowed_hosts=(*settings.allowed_hosts, *given["allowed_host"]),
    )


def _roots(settings: ServiceSettings, given: Mapping[str, Any], here: str) -> tuple[str, ...]:
    """Return the directories that may be read: the current one without any, but none where others could ask."""
    named = given["root"] or settings.roots
    if not named and not needs_token(settings.host, settings.allowed_hosts, proxy=given["proxy"]):
        named = (".",)
    roots = []
    for root in named:
        path = os.path.realpath(os.path.join(here, root))
        if not os.path.isdir(path):
            raise UsageError(f"there is no directory {escape_name(root)}", "name one that is there with --root")
        roots.append(path)
    return tuple(roots)


class _Lines(logging.Formatter):
    """A line for each record, whatever is in it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return escape_name(super().format(record).replace("\n", " | "))


class _Json(logging.Formatter):
    """An object for each record."""

    def format(self, record: logging.LogRecord) -> str:
        """Return it, on one line."""
        entry = {"time": record.created, "level": record.levelname.lower(), "logger": record.name}
        message = super().format(record)
        return json.dumps({**entry, "message": message})


def _start_logging(console: Console, form: str, verbose: int) -> None:
    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            console.write_error(f"{self.format(record)}\n")

    handler = Handler()
    handler.setFormatter(_Json() if form == "json" else _Lines("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    level = logging.DEBUG if verbose >= _DEBUG else logging.INFO if verbose else logging.WARNING
    for name, least in (("loopflow.service", level), ("uvicorn", logging.ERROR)):  # who sends no HTTP is no news
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.propagate = False
        logger.setLevel(least)
