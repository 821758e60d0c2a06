"""Where a command is run and what it names, and the settings that hold there. No database is imported for that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from loopflow.config.sections import read_section
from loopflow.errors import UsageError
from loopflow.model import ConfigRequest
from loopflow.usage.settings import UsageSettings
from loopflow.usecases.find_config import find_config_here

DATABASE = "LOOPFLOW_USAGE_DATABASE"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command is run, and what it names: a config file, a database, more addresses for alerts."""

    environ: Mapping[str, str]
    here: str
    config: str | None = None
    database: str | None = None
    smtp: str | None = None
    email: Sequence[str] = ()
    webhook: Sequence[str] = ()

    @property
    def named_config(self) -> str | None:
        """The config file that is named: its owner chose it, while one that is found may be a stranger's."""
        return self.config or self.environ.get("LOOPFLOW_CONFIG") or None


def read_usage_settings(place: Place) -> UsageSettings:
    """Return the settings that hold. Raises ConfigError, UsageError.

    A database, which may be on a server, is not taken from a config that lies in a repository.
    """
    config = find_config_here(place.here, ConfigRequest({}, place.environ, place.named_config))
    settings: UsageSettings = read_section(config.sections, "usage")
    if settings.database and place.named_config is None:
        what = f"{settings.database_place}: usage.database is not taken from a config that was found"
        raise UsageError(what, f"set {DATABASE}, or name the file with --config")
    return settings


def find_encoding(place: Place, given: str | None) -> str:
    """Return the encoding that is counted by: the one that is given, or that of the config. Raises ConfigError."""
    return find_config_here(place.here, ConfigRequest({"encoding": given}, place.environ, place.named_config)).encoding
