"""Logs reduced from Python as the command does it: `from loopflow.logs import process_logs`.

Arguments are any object with attributes that are called like the options, such as what argparse returns. What is not
there, or None, is as the config of the repository says, or as usual.
"""

import os
import warnings
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any, Final

from loopflow.analysis.names import escape_name
from loopflow.config.sections import read_section
from loopflow.config.values import read_size_option
from loopflow.console.directories import cache_directory, data_directory
from loopflow.errors import ExitCode, LoopflowError, UsageError
from loopflow.logs.budgeting import TokenBudgetManager
from loopflow.logs.coming import name_missing
from loopflow.logs.model import Digest, LogRequest, Priority
from loopflow.logs.opening import open_file
from loopflow.logs.records import Kept
from loopflow.logs.rotating import Rotation, open_output, rotate
from loopflow.logs.running import reduce_logs
from loopflow.logs.settings import DEFAULT_FIT, MOST_LOGS, LogSettings
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
    `max_logs`, `token_budget`, `token_buffer`, `auto_truncate`, `priority_filter`, `chunk_size`, `parallel_workers`,
    `memory_optimized`, `timestamps`, `redact` and `store` may be; what else there is changes nothing. The run is
    remembered, so that `loopflow logs trace` finds its failures.

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
    settings: LogSettings = read_section(config.sections, "logs")
    request = _read_request(args, settings)
    engine = os.environ.get("LOOPFLOW_ENGINE") or None
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
    """Keep the failures of a digest in a memory server. Raises UsageError: this version has no `loopflow memory`."""
    raise name_missing("store_in_memory")


def track_token_usage(log_path: str, args: object) -> None:  # noqa: ARG001  the names of others
    """Write the tokens of a digest into the ledger. Raises UsageError: this version has no `loopflow usage`."""
    raise name_missing("track_token_usage")


def _read(args: object, name: str, default: Any = None) -> Any:  # noqa: ANN401  an attribute of any type
    value = getattr(args, name, None)
    return default if value is None else value


def _read_request(args: object, settings: LogSettings) -> LogRequest:
    return LogRequest(
        fit=_read_size(args, "token_budget", settings.fit),
        buffer=_read_size(args, "token_buffer", settings.buffer),
        lowest=_read_priority(args),
        timestamps=_read_choice(args, "timestamps", settings.timestamps, ("first", "drop", "keep")),
        redact=bool(_read(args, "redact", settings.redact)),
        is_small=bool(_read(args, "memory_optimized", default=False)),
        chunk_size=_read_number(args, "chunk_size", settings.chunk_size, 0, 10_000_000),
        workers=_read_number(args, "parallel_workers", settings.workers, 1, 64),
    )


def _read_size(args: object, name: str, default: int) -> int:
    value = _read(args, name, default)
    return 0 if value == 0 and name == "token_buffer" else read_size_option(str(value), name)


def _read_number(args: object, name: str, default: int, least: int, most: int) -> int:
    value = _read(args, name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        what = f"{name}: {escape_name(repr(value)[:60])} is no whole number from {least} to {most:,}"
        raise UsageError(what, f"set for example {name} = {default}")
    return value


def _read_choice(args: object, name: str, default: str, choices: tuple[str, ...]) -> str:
    value = _read(args, name, default)
    if value not in choices:
        what = f"{name}: {escape_name(repr(value)[:60])} is none of {', '.join(choices)}"
        raise UsageError(what, f'set for example {name} = "{choices[0]}"')
    return str(value)


def _read_priority(args: object) -> Priority:
    names = tuple(priority.word for priority in Priority)
    return Priority[_read_choice(args, "priority_filter", names[0], names).upper()]


def _open_rotation(args: object, settings: LogSettings, here: str, stack: ExitStack) -> Rotation:
    asked = _read(args, "output_dir")
    path = os.fsdecode(asked) if asked is not None else settings.output_dir or _OUTPUT
    root = (find_root(here) or here) if asked is None else ""
    size = _read(args, "max_log_size", settings.max_log_size / _MEGABYTE)
    text = size if isinstance(size, str) else f"{float(size):.6f}MB" if _is_number(size) else repr(size)
    most = read_bytes_option(text, "max_log_size")
    runs = _read_number(args, "max_logs", settings.max_logs, 1, MOST_LOGS)
    return Rotation(stack.enter_context(open_output(path, here, root)), most, runs)


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
