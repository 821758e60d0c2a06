"""Which options do not go together, and what is said of them."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from loopflow.errors import UsageError

_LEAVE_ONE_OUT = "leave one of them out"
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


def refuse_what_clashes(given: dict[str, Any]) -> None:
    """Raise UsageError for options that do not go together."""
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
