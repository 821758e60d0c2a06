"""What `loopflow logs` has to do with the ledger: options that account for a digest, and flags that ask for usage."""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

from loopflow.cli import logs_memory
from loopflow.cli.help import PathName
from loopflow.console.console import DISTRIBUTION, Console
from loopflow.errors import ExitCode, LoopflowError, UsageError

if TYPE_CHECKING:
    from loopflow.cli.logs_settings import Asked
    from loopflow.logs.model import LogRequest
    from loopflow.usage.calibrating import Calibration

OPTIONS = (
    click.option("--track-usage", is_flag=True, help="Enter what is printed, and what it saved, into the ledger."),
    click.option("--model", metavar="NAME", help="For which model it is: entered, and looked up in calibrations."),
    click.option("--strict-estimation", is_flag=True, help="Hold --fit by the upper end of that model's calibration."),
    click.option("--check-usage", is_flag=True, help="As `loopflow usage check`; no log is read."),
    click.option("--enable-monitoring", is_flag=True, help="As `loopflow usage monitor`; no log is read."),
    click.option("--alert-email", multiple=True, metavar="ADDRESS", help="Of --enable-monitoring: who is told."),
    click.option("--warning-threshold", metavar="P", help="Of --enable-monitoring: a percentage.  [default: 80]"),
    click.option("--critical-threshold", metavar="P", help="Of --enable-monitoring: a percentage.  [default: 95]"),
    click.option("--calibrate-token-model", is_flag=True, help="As `loopflow usage calibrate`; no log is read."),
    click.option("--token-pairs", type=PathName(), metavar="FILE", help="Of --calibrate-token-model: its pairs."),
    click.option(
        "--update-tokenizer-config", metavar="NAME", help="Write this encoding to the config, once it is checked."
    ),
)
_COMPONENT: Final = "logs"
_SOURCE: Final = "loopflow logs"
_INTERVAL: Final = 30
_BELONGING: Final = {
    "alert_email": "enable_monitoring",
    "warning_threshold": "enable_monitoring",
    "critical_threshold": "enable_monitoring",
    "token_pairs": "calibrate_token_model",
}
"""Of two flags that stand together, the second says more of the first."""


class Printed(NamedTuple):
    """What was printed of logs, in tokens of an encoding: how many, and how many the logs have, if counted."""

    tokens: int
    before: int | None
    encoding: str


class _Asked(NamedTuple):
    """An action that a flag asks for: in which module it is, its name there, and what else it is given."""

    module: str
    name: str
    given: Mapping[str, Any]


def add_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command these options."""
    for option in reversed(OPTIONS):
        function = option(function)
    return function


def find_action(name: str, given: Mapping[str, Any]) -> Callable[[Console, str], ExitCode] | None:
    """Return what a flag asks for instead of a digest, None where none does. Raises UsageError for what clashes."""
    for option, of in _BELONGING.items():
        if _is_given(given[option]) and not given[of]:
            raise UsageError(f"{_flag(option)} is for {_flag(of)}", "leave it out, or add that")
    if given["strict_estimation"] and not given["model"]:
        raise UsageError("--strict-estimation is by a model's calibration, and no model is named", "add --model NAME")
    flags = [flag for flag in _ACTIONS if _is_given(given[flag])]
    if given["analyze_memory"] and given["memory_query"] is not None:
        flags.remove("memory_query")
    for option in ("memory_command", "memory_url"):
        if given[option] is not None and not (given["store_memory"] or _REMEMBERS.intersection(flags)):
            what = f"{_flag(option)} is for what asks or fills a memory"
            raise UsageError(what, "leave it out, or add --store-memory")
    files = (*given.get("files", ()), *given.get("log_file", ()))
    if not flags:
        return None
    others = [_flag(flag) for flag in flags[1:]]
    others += ["a file"] if files else []
    others += ["a command"] if name == "run" else []
    if others:
        raise UsageError(f"{_flag(flags[0])} and {others[0]} do not go together", "leave one of them out")
    return lambda console, here: _act(_ACTIONS[flags[0]](given), {**_common(given)}, console, here)


def _is_given(value: object) -> bool:
    """Whether an option is there, be it with an empty text."""
    return value not in (None, False, ())


def _flag(option: str) -> str:
    return f"--{option.replace('_', '-')}"


def _common(given: Mapping[str, Any]) -> dict[str, Any]:
    form = "json" if given["format"] == "json" else "text"
    return {"format": form, **{name: given[name] for name in ("config", "color", "quiet", "encoding", "model")}}


def _act(asked: _Asked, common: dict[str, Any], console: Console, here: str) -> ExitCode:
    from importlib import import_module  # noqa: PLC0415  reducing needs none of it

    if asked.module == logs_memory.ACTIONS_MODULE:
        _require_sdk()
    elif asked.module != __name__:
        require_extra("loopflow usage")
    code: ExitCode = getattr(import_module(asked.module), asked.name)({**common, **asked.given}, console, here)
    return code


def _ask_check(given: Mapping[str, Any]) -> _Asked:
    return _Asked("loopflow.cli.usage_actions", "check", {"check": given["check"], "at": None})


def _ask_monitor(given: Mapping[str, Any]) -> _Asked:
    named = {name: given[name] for name in ("alert_email", "warning_threshold", "critical_threshold")}
    return _Asked("loopflow.cli.usage_monitor", "monitor", {**named, "interval": _INTERVAL, "once": False})


def _ask_calibrate(given: Mapping[str, Any]) -> _Asked:
    return _Asked("loopflow.cli.usage_calibrate", "calibrate", {"pairs": given["token_pairs"]})


def _ask_update(given: Mapping[str, Any]) -> _Asked:
    return _Asked(__name__, "update_config", {"name": given["update_tokenizer_config"]})


def _ask_memory(name: str, given: Mapping[str, Any]) -> _Asked:
    return _Asked(logs_memory.ACTIONS_MODULE, name, logs_memory.describe_action(given))


_ACTIONS: Final[Mapping[str, Callable[[Mapping[str, Any]], _Asked]]] = {
    "check_usage": _ask_check,
    "enable_monitoring": _ask_monitor,
    "calibrate_token_model": _ask_calibrate,
    "update_tokenizer_config": _ask_update,
    **{flag: partial(_ask_memory, name) for flag, name in logs_memory.ACTIONS.items()},
}
_REMEMBERS: Final = frozenset(logs_memory.ACTIONS)


def require_extra(what: str) -> None:
    """Raise UsageError where the ledger's database is not installed."""
    if find_spec("sqlalchemy") is None:
        raise UsageError(f"{what} needs more than what is installed", f"pip install '{DISTRIBUTION}[usage]'")


def _require_sdk() -> None:
    if find_spec("mcp") is None:
        raise UsageError("loopflow memory needs more than what is installed", f"pip install '{DISTRIBUTION}[memory]'")


def update_config(given: Mapping[str, Any], console: Console, here: str) -> ExitCode:
    """Write an encoding to the config, if its vocabulary is what was published."""
    from loopflow.analysis.names import escape_name  # noqa: PLC0415
    from loopflow.config.editing import set_text  # noqa: PLC0415
    from loopflow.config.resolve import CONFIG_FILE  # noqa: PLC0415
    from loopflow.io.writing import write_atomically  # noqa: PLC0415
    from loopflow.tokens.choice import require_encoding  # noqa: PLC0415
    from loopflow.tokens.vocabulary import unpack_vocabulary  # noqa: PLC0415
    from loopflow.usage.place import Place  # noqa: PLC0415
    from loopflow.usecases.find_config import find_config_here, find_root  # noqa: PLC0415

    name = given["name"]
    console.quiet = given["quiet"]
    require_encoding(name)
    unpack_vocabulary(name)
    place = Place(console.environ, here, given["config"])
    from loopflow.model import ConfigRequest  # noqa: PLC0415

    found = find_config_here(here, ConfigRequest({}, {}, place.named_config)).file
    base = here if place.named_config else find_root(here) or here
    file = found or CONFIG_FILE
    try:
        with open(os.path.join(base, file), encoding="utf-8", newline="") as opened:
            text = opened.read()
    except FileNotFoundError:
        text = ""
    write_atomically(file, set_text(file, text, "encoding", name), base)
    console.note(f"{escape_name(file)} says encoding = {name}; its vocabulary is the one that was published")
    return ExitCode.OK


def join_usage(asked: "Asked", console: Console, here: str) -> "Asked":
    """Return what is asked for with what the config and a preset say of tracking, and with a strict fit.

    The rest of the config's table is read by whoever enters. Raises UsageError for a model of which nothing is known.
    """
    from loopflow.logs.presets import PRESETS  # noqa: PLC0415  --help needs none of it

    sections, given = asked.config.sections, asked.given
    tracks = "usage" in sections and sections["usage"].values.get("track") is True
    if tracks or PRESETS[asked.settings.preset].tracks_usage:
        given = {**given, "track_usage": True}
    return replace(asked, given=given, request=_limit_strictly(asked.request, given, console, here))


def _limit_strictly(request: "LogRequest", given: Mapping[str, Any], console: Console, here: str) -> "LogRequest":
    """Return a request that fits by the upper end of a calibration, if asked for: what it leaves is a buffer."""
    if not given["strict_estimation"]:
        return request
    require_extra("--strict-estimation")
    from loopflow.analysis.names import escape_name  # noqa: PLC0415
    from loopflow.usage.calibrating import find_exact_encoding  # noqa: PLC0415

    model = given["model"]
    if find_exact_encoding(model):
        return request
    known = _load(given, console, here)
    if known is None:
        hint = f"loopflow usage calibrate --model {escape_name(model)} PAIRS.jsonl"
        raise UsageError(f"{escape_name(model)} is not calibrated, so --strict-estimation has nothing to hold", hint)
    return replace(request, buffer=request.fit - known.find_most(max(request.fit - request.buffer, 0)))


def _load(given: Mapping[str, Any], console: Console, here: str) -> "Calibration | None":
    """Return the calibration of the model for the encoding that is counted by. Raises LoopflowError."""
    from loopflow.usage.calibrating import load  # noqa: PLC0415
    from loopflow.usage.opening import open_place  # noqa: PLC0415
    from loopflow.usage.place import Place, find_encoding, read_usage_settings  # noqa: PLC0415

    place = Place(console.environ, here, given["config"])
    usage = open_place(place, read_usage_settings(place))
    return next(iter(load(usage.ledger.database, given["model"], find_encoding(place, given["encoding"]))), None)


def account(printed: Printed, given: Mapping[str, Any], console: Console, here: str) -> None:
    """Enter what was printed, if that is asked for, and say what it is for a model. Nothing fails by that."""
    if not (given["track_usage"] or given["model"]):
        return
    try:
        require_extra("--track-usage")
        if given["model"]:
            _describe(printed, given, console, here)
        if given["track_usage"]:
            _enter(printed, given, console, here)
    except LoopflowError as error:
        console.warn(f"not entered into the ledger: {error.message}")


def _describe(printed: Printed, given: Mapping[str, Any], console: Console, here: str) -> None:
    from loopflow.analysis.names import escape_name  # noqa: PLC0415
    from loopflow.usage.calibrating import find_exact_encoding  # noqa: PLC0415

    model = escape_name(given["model"])
    if find_exact_encoding(given["model"]):
        return
    known = _load(given, console, here)
    if known is None:
        console.note(f"what that is for {model} is not known: see loopflow usage calibrate")
        return
    low, high = known.find_range(printed.tokens)
    console.note(f"{printed.tokens:,} tokens are about {low:,} to {high:,} of {model}")


def _enter(printed: Printed, given: Mapping[str, Any], console: Console, here: str) -> None:
    from loopflow.cli.usage_actions import say_what_failed  # noqa: PLC0415
    from loopflow.usage.calibrating import find_exact_encoding  # noqa: PLC0415
    from loopflow.usage.model import STANDARD, Entry  # noqa: PLC0415
    from loopflow.usage.opening import open_place  # noqa: PLC0415
    from loopflow.usage.place import Place, read_usage_settings  # noqa: PLC0415

    place = Place(console.environ, here, given["config"])
    settings = read_usage_settings(place)
    usage = open_place(place, settings)
    model = given["model"] or ""
    entry = Entry(
        at=usage.clock(),
        tokens_in=printed.tokens,
        tokens_saved=max(0, (printed.before or 0) - printed.tokens),
        component=_COMPONENT if settings.component == STANDARD else settings.component,
        environment=settings.environment,
        source=_SOURCE,
        model=model,
        encoding=printed.encoding,
        exact=not model or find_exact_encoding(model) == printed.encoding,
    )
    say_what_failed(usage.add([entry]).told, console)
