"""Logs reduced from Python as the command does it: `from loopflow.logs import process_logs`.

Arguments are any object with attributes that are called like the options, such as what argparse returns. What is not
there, or None, is as the config of the repository says, or as usual.
"""

import json
import os
import warnings
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from types import MappingProxyType
from typing import Any, Final

from loopflow.analysis.names import escape_name
from loopflow.config.sections import read_section
from loopflow.config.values import read_size_option
from loopflow.console.directories import cache_directory, data_directory
from loopflow.errors import ExitCode, LoopflowError, UsageError
from loopflow.logs.budgeting import TokenBudgetManager
from loopflow.logs.components import check_budgets, join_components, read_budgets_option
from loopflow.logs.configs import load_config
from loopflow.logs.counting import choose_engine
from loopflow.logs.custom_profiles import load_profile
from loopflow.logs.model import Digest, Priority
from loopflow.logs.opening import open_file
from loopflow.logs.presets import PRESETS, combine
from loopflow.logs.profiles import ALIASES, PROFILES
from loopflow.logs.reading_values import describe_name
from loopflow.logs.records import Kept
from loopflow.logs.rotating import Rotation, open_output, rotate
from loopflow.logs.running import reduce_logs
from loopflow.logs.settings import DEFAULT_FIT, MOST_COMPRESSION, MOST_LOGS, LogSettings, make_request
from loopflow.logs.sizes import read_bytes_option
from loopflow.logs.store import StoreError, open_store
from loopflow.model import ConfigRequest
from loopflow.tokens import create_counter
from loopflow.usecases.find_config import find_config_here, find_root

_OUTPUT: Final = "logs"
_MEGABYTE: Final = 1_000_000


class TokenOptimizer(TokenBudgetManager):
    """A budget of tokens, under the name that others know it by.

    >>> optimizer = TokenOptimizer(max_token_budget=76_659)
    >>> optimizer.check_budget(70_000)
    True
    """

    def __init__(
        self,
        max_token_budget: int = DEFAULT_FIT,
        *,
        buffer: int = 0,
        components: Mapping[str, int] | None = None,
        critical_reserve: float = 0.10,
        strict: bool = False,
    ) -> None:
        super().__init__(
            max_token_budget, buffer=buffer, components=components, critical_reserve=critical_reserve, strict=strict
        )


def process_logs(args: object) -> tuple[Digest, str]:
    """Reduce the log `args.log_file`; return its digest, and the path of the file in which that is kept.

    `log_file` must be there. `output_dir` ("logs"), `max_log_size` (a number of megabytes, or a text such as "5MB"),
    `max_logs`, `token_budget`, `token_buffer`, `target_tokens`, `auto_truncate`, `preset`, `optimization_profile`,
    `custom_profile_path`, `load_config`, `component_budgets` (a dictionary, or JSON), `priority_filter`,
    `min_compression`, `adaptive_optimization`, `chunk_size`, `parallel_workers`, `memory_optimized`, `timestamps`,
    `redact` and `store` may be; what else there is changes nothing. The run is remembered, so that `loopflow logs
    trace` finds its failures.

    >>> class Arguments:
    ...     log_file = "build.log"
    ...     token_budget = 2_000
    >>> summary, path = process_logs(Arguments())
    >>> summary.tokens_after <= 2_000
    True

    Raises LoopflowError as the command ends with an error: for a log that cannot be read, for a wrong value, and where
    `auto_truncate` is False for a log that is longer than the budget.
    """
    here = os.getcwd()
    file = _read(args, "log_file", None)
    if file is None:
        raise UsageError("no log is named", "set log_file to the path of one")
    path = os.fsdecode(file)
    config = find_config_here(here, ConfigRequest({}, os.environ, os.environ.get("LOOPFLOW_CONFIG") or None))
    values: dict[str, Any] = read_section(config.sections, "logs", {"logs": "loopflow.logs.settings:read_values"})
    settings = _read_settings(args, values, find_root(here) or here, here)
    request = make_request(settings, is_small=bool(_read(args, "memory_optimized", default=False)))
    engine = os.environ.get("LOOPFLOW_ENGINE") or choose_engine(request)
    counter = create_counter(config.encoding, engine, cache_directory(os.environ, here))
    with ExitStack() as stack:
        rotation = _open_rotation(args, settings, here, stack)
        opened, kept = open_file(os.path.join(here, path), path, stack)
        digest = reduce_logs([opened], request, counter)
        _require_room(args, digest)
        name = rotate(rotation, digest, [], datetime.now(UTC))
        if _read(args, "store", default=True):
            _remember(digest, kept, here)
    return digest, os.path.join(rotation.directory.path, name)


def store_in_memory(summary: Digest, log_path: str, args: object) -> None:  # noqa: ARG001  the names of others
    """Remember the failures of a digest across runs, as `loopflow logs --store-memory` does.

    The server is what LOOPFLOW_MEMORY_COMMAND starts, or that LOOPFLOW_MEMORY_URL names; before both go
    `args.memory_command` and `args.memory_url`. Without one, and where it fails, the
    run waits in files, which is a warning. Raises LoopflowError where it can be kept nowhere.
    """
    joined = import_module("loopflow.cli.logs_memory")  # it stands above: logs know no memory
    joined.store_in_memory(summary, args, os.environ, os.getcwd())


def track_token_usage(log_path: str, args: object) -> None:  # noqa: ARG001  the names of others
    """Say who does this. Raises UsageError: logs and the ledger know nothing of each other, the command joins them."""
    hint = "loopflow logs --track-usage does, or loopflow.usage.track_api_call"
    raise UsageError("loopflow.logs writes nothing into the ledger", hint)


def _read(args: object, name: str, default: Any = None) -> Any:  # noqa: ANN401  an attribute of any type
    value = getattr(args, name, None)
    return default if value is None else value


def _read_settings(args: object, config: Mapping[str, Any], root: str, here: str) -> LogSettings:
    """Return the settings that hold: those of the config, then a saved configuration, then the arguments."""
    name = _read(args, "load_config")
    loaded = load_config(str(name), root, here) if name is not None else {}
    settings = LogSettings(**combine([config, loaded, _read_arguments(args, here)]))
    budgets = _read(args, "component_budgets", default={})
    text = budgets if isinstance(budgets, str) else json.dumps(budgets, default=repr)
    components = join_components((), settings.components, read_budgets_option(text))
    check_budgets(components, max(settings.fit - settings.buffer, 0))
    return replace(settings, components=components)


def _read_arguments(args: object, here: str) -> dict[str, Any]:
    """Return what the arguments say, by the keys of settings."""
    values: dict[str, Any] = {}
    path = _read(args, "custom_profile_path")
    if path is not None:
        values["custom_profile"] = custom = load_profile(os.fsdecode(path), here)
        values["profile"] = custom.name
    for name, (key, read) in _ARGUMENTS.items():
        if (value := _read(args, name)) is not None:
            values[key] = read(name, value)
    known = {*PROFILES, *(each.name for each in [values.get("custom_profile")] if each)}
    if values.get("profile", "test") not in known:
        what = f"optimization_profile: there is no profile {describe_name(values['profile'])}"
        raise UsageError(what, f"take one of {', '.join(PROFILES)}, or name yours with custom_profile_path")
    return values


def _read_size(name: str, value: object) -> int:
    return 0 if value == 0 and name == "token_buffer" else read_size_option(str(value), name)


def _is_whole(least: int, most: int) -> Callable[[str, object], int]:
    def read(name: str, value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            what = f"{name}: {_show(value)} is no whole number from {least} to {most:,}"
            raise UsageError(what, f"set for example {name} = {max(least, 4)}")
        return value

    return read


def _is_one(*choices: str) -> Callable[[str, object], str]:
    def read(name: str, value: object) -> str:
        if value not in choices:
            what = f"{name}: {_show(value)} is none of {', '.join(choices)}"
            raise UsageError(what, f'set for example {name} = "{choices[0]}"')
        return str(value)

    return read


def _show(value: object) -> str:
    return escape_name(repr(value)[:60])


_ARGUMENTS: Final[Mapping[str, tuple[str, Callable[[str, Any], Any]]]] = MappingProxyType(
    {
        "token_budget": ("fit", _read_size),
        "target_tokens": ("fit", _read_size),
        "token_buffer": ("buffer", _read_size),
        "preset": ("preset", _is_one(*PRESETS)),
        "optimization_profile": ("profile", lambda _, value: ALIASES.get(str(value), str(value))),
        "priority_filter": ("priority_filter", _is_one(*(priority.word for priority in Priority))),
        "min_compression": ("min_compression", _is_whole(0, MOST_COMPRESSION)),
        "adaptive_optimization": ("adaptive", lambda _, value: bool(value)),
        "timestamps": ("timestamps", _is_one("first", "drop", "keep")),
        "redact": ("redact", lambda _, value: bool(value)),
        "chunk_size": ("chunk_size", _is_whole(0, 10_000_000)),
        "parallel_workers": ("workers", _is_whole(0, 64)),
        "max_logs": ("max_logs", _is_whole(1, MOST_LOGS)),
    }
)
"""Which setting each argument is of, and how it is read."""


def _open_rotation(args: object, settings: LogSettings, here: str, stack: ExitStack) -> Rotation:
    asked = _read(args, "output_dir")
    path = os.fsdecode(asked) if asked is not None else settings.output_dir or _OUTPUT
    root = (find_root(here) or here) if asked is None else ""
    size = _read(args, "max_log_size", settings.max_log_size / _MEGABYTE)
    text = size if isinstance(size, str) else f"{float(size):.6f}MB" if _is_number(size) else repr(size)
    most = read_bytes_option(text, "max_log_size")
    return Rotation(stack.enter_context(open_output(path, here, root)), most, settings.max_logs)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _require_room(args: object, digest: Digest) -> None:
    allowed = digest.fit - digest.buffer
    if digest.is_whole or _read(args, "auto_truncate", default=True):
        return
    what = f"{digest.sources[0].name} has {digest.tokens_before or 0:,} tokens, and {allowed:,} are allowed"
    raise LoopflowError(what, "leave out auto_truncate, or raise token_budget", ExitCode.OVER_BUDGET)


def _remember(digest: Digest, kept: Kept, here: str) -> None:
    """Keep what failed for `trace`. Where that is impossible it is a warning, as the command says it."""
    project = find_root(here) or digest.sources[0].name
    try:
        open_store(data_directory(os.environ, here)).remember(digest, project, datetime.now(UTC), [kept])
    except StoreError as error:
        warnings.warn(f"not remembered: {error}", stacklevel=3)
