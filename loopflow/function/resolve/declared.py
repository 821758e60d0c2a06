"""Where imports begin, as a project's own settings say: `pyproject.toml` and `setup.cfg`, read as data.

Each build tool names it in its way: setuptools (package-dir, where), hatch (packages, sources), poetry (from), uv
(module-root), pdm (package-dir). Each member of a workspace has settings of its own.
"""

import tomllib
from collections.abc import Iterator, Mapping
from configparser import ConfigParser
from configparser import Error as ConfigError
from posixpath import dirname, join, normpath
from typing import Any, Final

SETTINGS: Final = ("pyproject.toml", "setup.cfg")


def read_roots(settings: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the roots that settings name, by the directory that they are of; settings by path.

    Both are relative to the tree, "" for its root. What cannot be read names none, and nothing outside of the tree is
    a root.
    """
    found: dict[str, tuple[str, ...]] = {}
    for path, text in sorted(settings.items()):
        named = _read_pyproject(text) if path.endswith(SETTINGS[0]) else _read_setup(text)
        home = dirname(path)
        roots = (normpath(join(home, each)) for each in named)
        inside = ("" if root == "." else root for root in roots if not root.startswith(("../", "/")) and root != "..")
        found[home] = tuple(dict.fromkeys([*found.get(home, ()), *inside]))
    return {home: roots for home, roots in found.items() if roots}


def _read_pyproject(text: str) -> Iterator[str]:
    try:
        tools = _table(tomllib.loads(text), "tool")
    except (tomllib.TOMLDecodeError, RecursionError):
        return
    yield from _read_setuptools(_table(tools, "setuptools"))
    yield from _read_hatch(_table(tools, "hatch", "build"))
    for package in _list(_table(tools, "poetry"), "packages"):
        if isinstance(package, dict):
            yield from _texts(package.get("from"))
    yield from _texts(_table(tools, "uv", "build-backend").get("module-root"))
    yield from _texts(_table(tools, "pdm", "build").get("package-dir"))


def _read_setuptools(table: Mapping[str, Any]) -> Iterator[str]:
    yield from _texts(_table(table, "package-dir").get(""))
    yield from _texts(_table(table, "packages", "find").get("where"))


def _read_hatch(build: Mapping[str, Any]) -> Iterator[str]:
    for table in (build, _table(build, "targets", "wheel")):
        yield from map(dirname, _texts(table.get("packages")))
        sources = table.get("sources")
        if isinstance(sources, dict):
            yield from (path.removesuffix(name).rstrip("/") for path, name in sources.items() if _ends(path, name))
        else:
            yield from _texts(sources)


def _ends(path: str, name: object) -> bool:
    """Whether a directory keeps its last names where it is installed, so that those above it are a root."""
    return isinstance(name, str) and f"/{path}".endswith(f"/{name}" if name else "")


def _read_setup(text: str) -> Iterator[str]:
    parser = ConfigParser(interpolation=None)
    try:
        parser.read_string(text)
        yield from parser.get("options.packages.find", "where", fallback="").split()
        for line in parser.get("options", "package_dir", fallback="").splitlines():
            name, _, directory = line.partition("=")
            if directory and not name.strip():
                yield directory.strip()
    except ConfigError:
        return


def _table(table: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    """Return a table within tables, empty where one of them is not there or is something else."""
    for name in names:
        inner = table.get(name)
        table = inner if isinstance(inner, dict) else {}
    return table


def _list(table: Mapping[str, Any], name: str) -> list[Any]:
    value = table.get(name)
    return value if isinstance(value, list) else []


def _texts(value: object) -> list[str]:
    """Return the texts of what may be one of them or several."""
    values = value if isinstance(value, list) else [value]
    return [each for each in values if isinstance(each, str) and "\0" not in each]
