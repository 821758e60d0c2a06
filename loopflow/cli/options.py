"""Options in, requests out: what the command line means, before anything is read."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from loopflow.cli.console import ColourChoice
from loopflow.errors import UsageError
from loopflow.model import Index, Revision, SelectRequest, Source, Worktree
from loopflow.pipeline import CountRequest
from loopflow.render.text import ChartOptions


@dataclass(frozen=True, slots=True)
class Options:
    """Everything that the command line asks for."""

    select: SelectRequest
    count: CountRequest
    charts: ChartOptions
    profile: bool
    format: str
    raw: bool
    copy: bool
    colour: ColourChoice
    quiet: bool


def read_options(given: dict[str, Any], environment: Mapping[str, str]) -> Options:
    """Turn click's values into requests. Raises UsageError for options that do not go together."""
    _require_profile(given)
    return Options(
        select=SelectRequest(
            paths=given["paths"],
            extensions=tuple(_extensions(given["extension"])),
            include=given["include"],
            exclude=given["exclude"],
            source=_source(given),
            untracked=given["untracked"],
            changed=given["changed"],
            readmes=given["readmes"],
        ),
        count=CountRequest(
            encoding=given["encoding"],
            engine=environment.get("LOOPFLOW_ENGINE") or None,
            jobs=given["jobs"],
            cache_file=None if given["no_cache"] else _cache_file(environment),
        ),
        charts=ChartOptions(
            depth=given["depth"],
            files=given["files"],
            top=given["top"],
            verbose=given["verbose"],
        ),
        profile=given["profile"],
        format=given["format"] or "text",
        raw=given["raw"],
        copy=given["pbcopy"],
        colour=given["color"],
        quiet=given["quiet"],
    )


def _source(given: dict[str, Any]) -> Source:
    if given["staged"] and given["rev"] is not None:
        raise UsageError("--staged reads the index, --rev a commit", "leave one of them out")
    if given["rev"] is not None:
        return Revision(given["rev"])
    return Index() if given["staged"] else Worktree()


def _cache_file(environment: Mapping[str, str]) -> str:
    directory = environment.get("LOOPFLOW_CACHE_DIR")
    if not directory:
        import platformdirs  # noqa: PLC0415

        directory = platformdirs.user_cache_dir("loopflow", appauthor=False)
    return os.path.join(directory, "counts.sqlite3")


def _require_profile(given: dict[str, Any]) -> None:
    for option in ("depth", "files", "top", "format"):
        is_given = given[option] is not None and given[option] is not False  # 0 is a value
        if is_given and not given["profile"]:
            raise UsageError(f"--{option} shapes a profile, and no profile is asked for", "add --profile")
    if given["raw"] and given["profile"]:
        raise UsageError("--raw prints context, --profile counts it", "leave one of them out")


def _extensions(given: Iterable[str]) -> Iterable[str]:
    for value in given:
        for extension in value.split(","):
            if not extension.strip(" ."):
                raise UsageError("--extension: an empty extension matches nothing", "write for example -e py,md")
            yield extension.strip()
