"""Options in, requests out: what the command line means, before anything is read."""

import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from loopflow.analysis.name_lists import parse_names
from loopflow.analysis.names import escape_name
from loopflow.config.values import read_share_option, read_window_option
from loopflow.console.console import ColourChoice
from loopflow.console.directories import cache_directory
from loopflow.errors import UsageError
from loopflow.model import (
    CompareRequest,
    ConfigRequest,
    CountRequest,
    Extras,
    Index,
    Push,
    Revision,
    SelectRequest,
    Source,
    Surroundings,
    Worktree,
)
from loopflow.model.progress import NoProgress, Progress
from loopflow.render.formats import FORMATS, TEXT, WITH_ORIGIN, ChartOptions

if TYPE_CHECKING:
    from loopflow.model import FitRequest

_NO_PATTERN = re.compile(r"[^*?/]*")
_COUNTS = "counts.sqlite3"
STANDARD_OUTPUT = "-"
_LEAVE_ONE_OUT = "leave one of them out"
_CONFIGURED = {"encoding": "encoding", "against": "against"}
# What requests take as it was given.
_AS_GIVEN = ("profile", "save_baseline", "check", "show_config", "init", "raw", "quiet")
_OF_CHARTS = ("depth", "files", "top", "verbose", "cuts")
_OF_A_SELECTION = ("paths", "include", "exclude", "untracked", "changed", "readmes", "against")


@dataclass(frozen=True, slots=True)
class Options:
    """Everything that the command line asks for, and where."""

    surroundings: Surroundings
    select: SelectRequest
    count: CountRequest
    config: ConfigRequest
    compare: CompareRequest
    charts: ChartOptions
    fit: "FitRequest | None"
    extras: Extras
    profile: bool
    save_baseline: bool
    check: bool
    show_config: bool
    init: bool
    format: str
    reports: tuple[tuple[str, str], ...]
    output: str | None
    """The file that takes what is printed; None for standard output."""
    is_bounded: bool
    """Whether a context that is too long for a terminal is not printed there."""
    raw: bool
    copy: bool
    colour: ColourChoice
    quiet: bool


def read_options(
    given: dict[str, Any], environment: Mapping[str, str], here: str, read_names: Callable[[], bytes] = bytes
) -> Options:
    """Turn click's values into requests, seen from the directory `here`; `read_names` reads standard input.

    Raises UsageError for options that do not go together, and where the directory is gone.
    """
    if not here:
        raise UsageError("the current directory does not exist any more", "change to another one")
    _refuse_what_clashes(given)
    configured = {key: given[name] for key, name in _CONFIGURED.items()}
    given, comparing = _as_pre_commit_says(given, environment)
    reports = tuple(_read_report(value) for value in given["report"])
    output = given["output"] if given["output"] != STANDARD_OUTPUT else None
    outputs = (*(path for _, path in reports), *([output] if output is not None else []))
    formats = {given["format"], *(name for name, _ in reports)}
    return Options(
        surroundings=Surroundings(environment, here, here),
        select=_ask_to_select(given, read_names, outputs, formats),
        config=ConfigRequest(
            given=configured,
            environment=environment,
            file=given["config"] or environment.get("LOOPFLOW_CONFIG") or None,
        ),
        compare=_ask_to_compare(given, environment, comparing),
        count=ask_to_count(environment, here, given["jobs"], caches=not given["no_cache"]),
        charts=ChartOptions(**{name: given[name] for name in _OF_CHARTS}),
        fit=_read_fit(given),
        extras=Extras(given["line_numbers"], given["tree"], given["diff"]),
        format=given["format"] or TEXT,
        reports=reports,
        output=output,
        is_bounded=given["output"] is None and given["fit"] is None and not given["pbcopy"],
        copy=given["pbcopy"],
        colour=given["color"],
        **{name: given[name] for name in _AS_GIVEN},
    )


def _ask_to_select(
    given: dict[str, Any], read_names: Callable[[], bytes], outputs: tuple[str, ...], formats: set[str | None]
) -> SelectRequest:
    """Return what to select; `outputs` are the files that are written, `formats` all forms that are asked for."""
    return SelectRequest(
        names=parse_names(read_names(), null=given["null"]) if given["stdin"] else (),
        extensions=tuple(_extensions(given["extension"])),
        source=_source(given),
        outputs=outputs,
        names_origin=not WITH_ORIGIN.isdisjoint(formats),
        **{name: given[name] for name in _OF_A_SELECTION},
    )


def _ask_to_compare(given: dict[str, Any], environment: Mapping[str, str], comparing: CompareRequest) -> CompareRequest:
    """Return what to compare with, where pre-commit has said which commits."""
    return replace(
        comparing,
        baseline=given["baseline"],
        against=given["against"],
        file=given["baseline_file"],
        against_name=environment.get("LOOPFLOW_AGAINST_NAME") or None,
    )


def ask_to_count(
    environment: Mapping[str, str],
    here: str,
    jobs: int | None = None,
    progress: Progress | None = None,
    *,
    caches: bool = True,
) -> CountRequest:
    """Return how to count: as the environment says, with the counts that are kept in the user's cache directory."""
    return CountRequest(
        engine=environment.get("LOOPFLOW_ENGINE") or None,
        jobs=jobs,
        cache_file=os.path.join(cache_directory(environment, here), _COUNTS) if caches else None,
        progress=progress or NoProgress(),
    )


def _source(given: dict[str, Any]) -> Source:
    if given["staged"] and given["rev"] is not None:
        raise UsageError("--staged reads the index, --rev a commit", "leave one of them out")
    if given["rev"] is not None:
        return Revision(given["rev"])
    return Index() if given["staged"] else Worktree()


def _as_pre_commit_says(given: dict[str, Any], environment: Mapping[str, str]) -> tuple[dict[str, Any], CompareRequest]:
    """Return the options, and what to compare with, as they are where pre-commit runs the command.

    For a push it names what is sent and what the remote has; of the first one to a remote, the branch alone. Without
    one, as when somebody runs the hook by hand, a push is that of HEAD. `pre-commit run --from-ref --to-ref` asks for a
    range of commits, in whichever stage: neither what is staged nor a push is meant then.
    """
    since, until = (environment.get(f"PRE_COMMIT_{which}_REF") for which in ("FROM", "TO"))
    remote = environment.get("PRE_COMMIT_REMOTE_NAME")
    is_range = bool(environment.get("PRE_COMMIT") == "1" and since and until)
    is_asked = is_range and given["staged"] and not given["changed"] and given["against"] is None
    is_asked = is_asked or (is_range and given["pushed"] and not remote)
    if (given["pushed"] and not is_asked) or (is_asked and remote):
        tip = until or environment.get("PRE_COMMIT_LOCAL_BRANCH") or "HEAD"
        told = remote if remote or not until else ""  # a job that says what is pushed knows no remote's name
        push = Push(since or None, told, environment.get("PRE_COMMIT_REMOTE_BRANCH"))
        return given | {"rev": tip, "staged": False}, CompareRequest(push=push)
    if is_asked and "PRE_COMMIT_CHECKOUT_TYPE" not in environment:
        return given | {"rev": until, "staged": False}, CompareRequest(since=since)
    return given, CompareRequest()


def _read_report(value: str) -> tuple[str, str]:
    name, _, path = value.partition(":")
    if name not in FORMATS or not path:
        raise UsageError(f"--report {escape_name(value)}", f"write FORMAT:FILE, with one of {', '.join(FORMATS)}")
    return name, path


def _read_fit(given: dict[str, Any]) -> "FitRequest | None":
    window = given["window"] if given["profile"] else given["fit"]
    if window is None:
        return None
    from loopflow.model import FitRequest  # noqa: PLC0415

    tokens, model = read_window_option(window, "--window" if given["profile"] else "--fit")
    is_the_models = given["profile"] or model  # and else what to print, in our tokens
    default = Fraction(1, 4) if is_the_models else Fraction(0)
    reserve = read_share_option(given["reserve"], "--reserve") if given["reserve"] is not None else default
    return FitRequest(tokens, reserve, given["keep"], model)


_OF_A_PROFILE = (
    *("depth", "files", "top", "format", "report", "cuts"),
    *("baseline", "save-baseline", "baseline-file", "check", "pushed"),
)

_ALWAYS = frozenset({"config", "jobs", "no_cache", "color", "quiet", "verbose"})
# What does one thing and prints no report: what it does, and what goes with it, or is refused with words of its own.
_ALONE: Mapping[str, tuple[str, frozenset[str]]] = MappingProxyType(
    {
        "init": ("looks at the whole repository and writes a config file", _ALWAYS),
        "show_config": (
            "shows what the config says",
            _ALWAYS | {"output", "stdin", "null", "paths", "staged", "rev", "untracked", "encoding", "against"},
        ),
        "save_baseline": (
            "writes the baseline",
            _ALWAYS
            | {"profile", "stdin", "null", "paths", "staged", "rev", "encoding", "baseline_file", "baseline", "check"}
            | {"untracked", "extension", "include", "exclude", "changed", "readmes"},
        ),
    }
)

# Each: whether the options clash, what is wrong, what to do.
CLASHES: tuple[tuple[Callable[[dict[str, Any]], object], str, str], ...] = (
    (
        lambda given: given["pushed"] and (given["staged"] or given["rev"] is not None),
        "--pushed says which commit to read",
        _LEAVE_ONE_OUT,
    ),
    (lambda given: given["null"] and not given["stdin"], "-0 says how names on standard input end", "add --stdin"),
    (
        lambda given: given["output"] is not None and given["pbcopy"],
        "--output writes to a file, --copy to the clipboard",
        _LEAVE_ONE_OUT,
    ),
    (lambda given: given["raw"] and given["profile"], "--raw prints context, --profile counts it", _LEAVE_ONE_OUT),
    (
        lambda given: given["profile"] and (given["line_numbers"] or given["tree"] or given["diff"]),
        "--line-numbers, --tree and --diff shape what is printed, and a profile prints no files",
        "leave out --profile, or these",
    ),
    (
        lambda given: given["fit"] and given["profile"],
        "--fit shortens what is printed, and a profile prints no files",
        "use --window",
    ),
    (
        lambda given: given["window"] and not given["profile"],
        "--window is about a profile",
        "add --profile, or use --fit to print what fits",
    ),
    (
        lambda given: (given["reserve"] or given["keep"]) and not (given["window"] or given["fit"]),
        "--reserve and --keep are about a window",
        "add --window N, or --fit N",
    ),
    (
        lambda given: given["against"] is not None and not (given["profile"] or given["changed"] or given["diff"]),
        "--against says what to compare with, and nothing is compared",
        "add --profile, --changed or --diff",
    ),
    (
        lambda given: given["baseline_file"] is not None and not (given["baseline"] or given["save_baseline"]),
        "--baseline-file says which baseline",
        "add --baseline or --save-baseline",
    ),
    (
        lambda given: given["check"] and given["save_baseline"],
        "--save-baseline beside --check would judge by what it writes",
        _LEAVE_ONE_OUT,
    ),
    (
        lambda given: given["baseline"] and given["save_baseline"],
        "--baseline compares with the baseline, --save-baseline replaces it",
        _LEAVE_ONE_OUT,
    ),
)


def _refuse_what_clashes(given: dict[str, Any]) -> None:
    for option in _OF_A_PROFILE:
        if _is_given(given[option.replace("-", "_")]) and not given["profile"]:
            raise UsageError(f"--{option} is about a profile, and no profile is asked for", "add --profile")
    for name, (does, allowed) in _ALONE.items():
        others = [other for other, value in given.items() if other not in {name, *allowed} and _is_given(value)]
        if given[name] and others:
            raise UsageError(f"{_spell(name)} {does}, and does nothing else", f"leave {_spell(others[0])} out")
    for clashes, what, hint in CLASHES:
        if clashes(given):
            raise UsageError(what, hint)


def _is_given(value: object) -> bool:
    return value is not None and value is not False and value != ()  # 0 is a value


def _spell(name: str) -> str:
    return "the paths" if name == "paths" else "--copy" if name == "pbcopy" else f"--{name.replace('_', '-')}"


def _extensions(given: Iterable[str]) -> Iterable[str]:
    for value in given:
        for extension in value.split(","):
            if not extension.strip(" ."):
                raise UsageError("--extension: an empty extension matches nothing", "write for example -e py,md")
            if not _NO_PATTERN.fullmatch(extension):  # where it excludes, in other tools, all would be left out
                what = f"--extension: {escape_name(extension)} is a pattern, and no suffix"
                raise UsageError(what, "use --include GLOB, or --exclude GLOB")
            yield extension.strip()
