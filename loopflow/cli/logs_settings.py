"""What holds for a run of `loopflow logs`: the config, a saved configuration and the options, in one."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from loopflow.config.resolve import Config
from loopflow.config.sections import read_section
from loopflow.config.toml import Table
from loopflow.config.values import clean_path, read_size_option
from loopflow.console.console import Console
from loopflow.errors import UsageError
from loopflow.logs.components import check_budgets, join_components, read_budgets_option, read_component_option
from loopflow.logs.configs import load_config
from loopflow.logs.custom_profiles import load_profile
from loopflow.logs.model import LogRequest, OwnPattern, Priority
from loopflow.logs.patterns import check_pattern, has_literal, shown_pattern
from loopflow.logs.presets import PRESETS, Preset, combine
from loopflow.logs.profiles import ALIASES, PROFILES
from loopflow.logs.reading_values import PRIORITIES, describe_name
from loopflow.logs.settings import LogSettings, make_request
from loopflow.logs.sizes import read_bytes_option
from loopflow.model import ConfigRequest
from loopflow.usecases.find_config import find_config_here, find_root

_VALUES: Final[Mapping[str, str]] = {"logs": "loopflow.logs.settings:read_values"}
_SAME: Final = (
    *("preset", "keep", "priority_filter", "min_compression", "adaptive", "strict_components", "timestamps"),
    *("repeated", "redact", "chunk_size", "max_logs"),
)
"""Options that are called as their settings are, and need no reading."""
DIGEST: Final = "digest"
_IN_ACTIONS: Final = "GITHUB_ACTIONS"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for: `given` are the options, with what a preset says of some of them."""

    given: Mapping[str, Any]
    config: Config
    root: str
    settings: LogSettings
    request: LogRequest
    patterns: tuple[OwnPattern, ...]
    """Those of the options alone."""
    judges_budget: bool
    """Whether --check is asked for, and not only meant."""

    @property
    def keeps(self) -> bool:
        """Whether all of a log is printed, and no digest."""
        return self.settings.keep != DIGEST


def read_asked(given: Mapping[str, Any], console: Console, here: str) -> Asked:
    """Return what options and files ask for. Raises UsageError, ConfigError."""
    file = given["config"] or console.environ.get("LOOPFLOW_CONFIG") or None
    config = find_config_here(here, ConfigRequest({"encoding": given["encoding"]}, console.environ, file))
    root = find_root(here) or here
    patterns = tuple(_read_pattern(each) for each in given["add_priority_pattern"])
    settings = _read_settings(given, config.sections, here, root)
    settings = _add_lists(settings, given, patterns)
    preset = PRESETS[settings.preset]
    check_budgets(settings.components, max(settings.fit - settings.buffer, 0))
    _require_count(given, settings)
    request = make_request(settings, counts_input=given["count_input"], is_small=given["memory_optimized"])
    _remark(request, console)
    form = given["format"] or _usual_form(preset, console.environ, is_profile=given["profile"])
    effective = {**given, "format": form, "check": given["check"] or preset.checks}
    if given["profile"]:
        settings = replace(settings, keep=DIGEST)
    if settings.keep != DIGEST:
        _require_text(given, settings.keep)
        settings = replace(settings, output_dir=None)
        effective |= {"format": "text", "store": False, "keep_original": False}
    return Asked(effective, config, root, settings, request, patterns, given["check"])


def _read_settings(given: Mapping[str, Any], sections: Mapping[str, Table], here: str, root: str) -> LogSettings:
    config: dict[str, Any] = read_section(sections, "logs", _VALUES)
    loaded = load_config(given["load_config"], root, here) if given["load_config"] is not None else {}
    settings = LogSettings(**combine([config, loaded, _read_options(given, here)]))
    custom = settings.custom_profile
    if settings.profile and settings.profile not in PROFILES and (custom is None or custom.name != settings.profile):
        what = f"there is no profile {describe_name(settings.profile)}"
        raise UsageError(what, f"take {', '.join(PROFILES)}, or name yours with --custom-profile-path")
    return settings


def _read_options(given: Mapping[str, Any], here: str) -> dict[str, Any]:
    """Return what the options say, by the keys of settings."""
    readers: dict[str, tuple[str, Callable[[Any], Any]]] = {
        "fit": ("fit", lambda value: read_size_option(value, "--fit")),
        "token_buffer": ("buffer", lambda value: 0 if value == "0" else read_size_option(value, "--token-buffer")),
        "budget": ("budget", lambda value: read_size_option(value, "--budget")),
        "log_type": ("profile", lambda value: ALIASES.get(value, value)),
        "parallel_workers": ("workers", int),
        "max_log_size": ("max_log_size", lambda value: read_bytes_option(value, "--max-log-size")),
    }
    readers |= {name: (name, lambda value: value) for name in _SAME}
    values = {key: read(given[name]) for name, (key, read) in readers.items() if given[name] is not None}
    if given["preprocess"] and values.setdefault("keep", "fold") != "fold":
        raise UsageError("--preprocess is --keep fold", "leave one of them out")
    if given["custom_profile_path"] is not None:
        custom = load_profile(given["custom_profile_path"], here)
        if values.setdefault("profile", custom.name) != custom.name:
            what = f"{describe_name(custom.name)} is the profile there, and not {describe_name(values['profile'])}"
            raise UsageError(f"--custom-profile-path: {what}", "leave out --type, or name it so")
        values["custom_profile"] = custom
    return values


def _add_lists(settings: LogSettings, given: Mapping[str, Any], patterns: tuple[OwnPattern, ...]) -> LogSettings:
    """Return the settings with what options add: nothing that is there is taken away."""
    for pattern in given["drop"]:
        _check("--drop", pattern)
    components = [read_component_option(value) for value in given["component"]]
    budgets = read_budgets_option(given["component_budgets"]) if given["component_budgets"] is not None else {}
    return replace(
        settings,
        patterns=tuple(dict.fromkeys((*settings.patterns, *patterns))),
        drop=tuple(dict.fromkeys((*settings.drop, *given["drop"]))),
        components=join_components(components, settings.components, budgets),
    )


def _read_pattern(value: str) -> OwnPattern:
    """Read PATTERN, or LEVEL:PATTERN."""
    level, colon, rest = value.partition(":")
    is_leveled = bool(colon) and level in PRIORITIES
    pattern = rest if is_leveled else value
    _check("--add-priority-pattern", pattern)
    return OwnPattern(Priority[level.upper()] if is_leveled else Priority.CRITICAL, pattern)


def _check(option: str, pattern: str) -> None:
    if wrong := check_pattern(pattern):
        what = f"{option}: {shown_pattern(pattern)} is no pattern: {wrong}"
        raise UsageError(what, "write an expression of Python's re")


def _require_count(given: Mapping[str, Any], settings: LogSettings) -> None:
    if given["check"] and settings.budget is not None and not given["count_input"]:
        raise UsageError("--check judges the tokens of the log, which --no-count-input leaves out", "leave out either")
    if given["min_compression"] and not given["count_input"]:
        what = "--min-compression is a share of the log's tokens, which --no-count-input leaves out"
        raise UsageError(what, "leave out either")


def _require_text(given: Mapping[str, Any], keep: str) -> None:
    """Raise UsageError for options that are of a digest."""
    for name in ("report", "output_dir", "priority_filter", "min_compression", "explain", "store_memory"):
        if given[name]:
            option = f"--{name.replace('_', '-')}"
            raise UsageError(f"{option} is of a digest, and --keep {keep} makes none", "leave one of them out")
    if given["format"] not in {None, "text"}:
        raise UsageError(f"{given['format']} is a form of a digest, and --keep {keep} makes none", "take --format text")


def _usual_form(preset: Preset, environ: Mapping[str, str], *, is_profile: bool) -> str:
    form = preset.form_in_actions if environ.get(_IN_ACTIONS) and not is_profile else ""
    return form or preset.form or "text"


def _remark(request: LogRequest, console: Console) -> None:
    for pattern in (*(each.match for each in request.patterns), *request.drop):
        if not has_literal(pattern):
            console.warn(f"the pattern {shown_pattern(pattern)} has no plain text in it: it is tried on every line")


def savable_directory(path: str | None, root: str, here: str) -> str | None:
    """Return an output directory as a configuration has it: below the root. Raises UsageError for another one."""
    if path is None:
        return None
    found = clean_path(os.path.relpath(os.path.join(here, path), root))
    if found is None:
        raise UsageError("--save-config: --output-dir is not below the root", "leave it out, or name one that is")
    return found
