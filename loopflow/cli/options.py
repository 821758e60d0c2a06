"""Options in, requests out: what the command line means, before anything is read."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from loopflow.cli.console import ColourChoice
from loopflow.comparing import CompareRequest
from loopflow.errors import UsageError
from loopflow.model import Index, Revision, SelectRequest, Source, Worktree
from loopflow.pipeline import ConfigRequest, CountRequest
from loopflow.render.text import ChartOptions

_CONFIGURED = {"encoding": "encoding", "against": "against"}


@dataclass(frozen=True, slots=True)
class Options:
    """Everything that the command line asks for."""

    select: SelectRequest
    count: CountRequest
    config: ConfigRequest
    compare: CompareRequest
    charts: ChartOptions
    profile: bool
    show_config: bool
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
            against=given["against"],
        ),
        config=ConfigRequest(
            given={key: given[name] for key, name in _CONFIGURED.items()},
            environment=environment,
            file=given["config"] or environment.get("LOOPFLOW_CONFIG") or None,
        ),
        compare=CompareRequest(
            baseline=given["baseline"],
            save=given["save_baseline"],
            against=given["against"],
            file=given["baseline_file"],
            check=given["check"],
        ),
        count=CountRequest(
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
        show_config=given["show_config"],
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
    for option in ("depth", "files", "top", "format", "baseline", "save-baseline", "baseline-file", "check"):
        value = given[option.replace("-", "_")]
        if value is not None and value is not False and not given["profile"]:  # 0 is a value
            raise UsageError(f"--{option} is about a profile, and no profile is asked for", "add --profile")
    if given["against"] is not None and not (given["profile"] or given["changed"]):
        raise UsageError("--against is what a profile or --changed compares with", "add --profile or --changed")
    if given["baseline_file"] is not None and not (given["baseline"] or given["save_baseline"]):
        raise UsageError("--baseline-file says which baseline", "add --baseline or --save-baseline")
    if given["baseline"] and given["save_baseline"]:
        raise UsageError("--baseline compares with the baseline, --save-baseline replaces it", "leave one of them out")
    if given["raw"] and given["profile"]:
        raise UsageError("--raw prints context, --profile counts it", "leave one of them out")


def _extensions(given: Iterable[str]) -> Iterable[str]:
    for value in given:
        for extension in value.split(","):
            if not extension.strip(" ."):
                raise UsageError("--extension: an empty extension matches nothing", "write for example -e py,md")
            yield extension.strip()
