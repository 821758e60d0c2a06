"""Where a program may keep files of a user, from an environment alone.

The XDG base directory specification, and on macOS Apple's File System Programming Guide: the places that the package
platformdirs names, which reads the process's own environment and takes no other (a test compares them).
"""

import os
import sys
from collections.abc import Mapping

_NAME = "loopflow"
_ON_MAC = "Library/Application Support"


def cache_directory(environ: Mapping[str, str], here: str) -> str:
    """Return where what can be made again is kept; LOOPFLOW_CACHE_DIR, relative to `here`, goes before the rule."""
    named = environ.get("LOOPFLOW_CACHE_DIR")
    return os.path.join(here, named) if named else _find(environ, "XDG_CACHE_HOME", ".cache", "Library/Caches")


def data_directory(environ: Mapping[str, str], here: str) -> str:
    """Return where what cannot be made again is kept; LOOPFLOW_DATA_DIR, relative to `here`, goes before the rule."""
    named = environ.get("LOOPFLOW_DATA_DIR")
    return os.path.join(here, named) if named else _find(environ, "XDG_DATA_HOME", ".local/share", _ON_MAC)


def log_directory(environ: Mapping[str, str]) -> str:
    """Return where a report of a bug is written."""
    on_mac = sys.platform == "darwin" and not environ.get("XDG_STATE_HOME")
    found = _find(environ, "XDG_STATE_HOME", ".local/state", "Library/Logs")
    return found if on_mac else os.path.join(found, "log")


def _find(environ: Mapping[str, str], variable: str, below_home: str, on_mac: str) -> str:
    named = environ.get(variable, "")
    if os.path.isabs(named):
        return os.path.join(named, _NAME)
    home = environ.get("HOME") or _home_of_user()
    return os.path.join(home, on_mac if sys.platform == "darwin" else below_home, _NAME)


def _home_of_user() -> str:
    import pwd  # noqa: PLC0415  not on every platform

    return pwd.getpwuid(os.getuid()).pw_dir
