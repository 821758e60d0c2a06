"""What `loopflow chat narrow` does. A hook runs after each use of a tool: nothing is imported without need."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from loopflow.analysis.names import escape_name
from loopflow.chat.narrowing.originals import Originals
from loopflow.console.console import Console, OutputError
from loopflow.console.directories import cache_directory
from loopflow.errors import ExitCode, LoopflowError, UsageError, describe_os_error

if TYPE_CHECKING:
    from loopflow.chat.tools import OwnRule
    from loopflow.tokens.protocol import TokenCounter

MOST_BYTES: Final = 256_000_000
CONFIG_FILES: Final = ("loopflow.toml", "pyproject.toml")
"""As `config.resolve` has them, which a hook imports only where one says something of conversations."""
_SAYS: Final = (b"chat", b"tools", b"keep")
"""Of these a table for tools has the first and another."""
_AS_IT_IS: Final = "the output of the tool stays as it is"
_OPTIONS: Final = ("file", "tool", "exit_code", "failed", "command", "limit", "mode", "output")


def run_hook(given: Mapping[str, Any], console: Console, here: str) -> ExitCode:
    """Answer the event of a hook. Whatever goes wrong is one line on stderr: an agent goes on."""
    try:
        _refuse_options(given)
        said = _answer(given, console, here)
        if said is not None:
            console.write(f"{said}\n")
            console.flush()
    except (KeyboardInterrupt, BrokenPipeError):  # whoever asked wants no answer
        raise
    except OutputError as error:
        console.fail(error.message, error.hint)
        console.abandon_stdout()
    except LoopflowError as error:
        console.fail(error.message, error.hint or _AS_IT_IS)
    except BaseException as error:  # noqa: BLE001  a bug of ours, or a panic of an engine, stops nobody's agent
        console.fail(f"a bug: {type(error).__name__}", _AS_IT_IS)
    return ExitCode.OK


def _refuse_options(given: Mapping[str, Any]) -> None:
    named = next((name for name in _OPTIONS if given[name] not in (None, False)), None)
    if named:
        raise UsageError(
            f"--hook is told everything by the event, and {named.replace('_', '-')} is given too", "leave it out"
        )


def _answer(given: Mapping[str, Any], console: Console, here: str) -> str | None:
    from loopflow.chat.narrowing import hook  # noqa: PLC0415  `run` needs none of it

    data = console.read_input("the event of a hook").read(hook.MOST_BYTES + 1)
    rules, keeps, encoding = _read_config(given, console.environ, here)
    originals = Originals(cache_directory(console.environ, here))
    keeps = keeps if given["keep"] is None else given["keep"]
    setting = hook.Setting(rules, originals, lambda: _make_counter(encoding, console.environ, here), keeps)
    return hook.answer(data, setting)


def _make_counter(encoding: str, environ: Mapping[str, str], here: str) -> "TokenCounter":
    from loopflow.tokens import create_counter  # noqa: PLC0415  what is short is not counted

    return create_counter(encoding, environ.get("LOOPFLOW_ENGINE") or None, cache_directory(environ, here))


def _read_config(
    given: Mapping[str, Any], environ: Mapping[str, str], here: str
) -> "tuple[Mapping[str, OwnRule], bool, str]":
    """Return what a config says of tools, whether outputs are kept, and the encoding."""
    file = given["config"] or environ.get("LOOPFLOW_CONFIG") or None
    encoding = given["encoding"] or environ.get("LOOPFLOW_ENCODING") or ""
    found = _find_files(here) if file is None else {}
    if file is None and not encoding and not any(map(_says_something, found.values())):
        return {}, True, "o200k_base"
    from loopflow.chat.tool_settings import read_keep, read_tools  # noqa: PLC0415
    from loopflow.config.toml import Table  # noqa: PLC0415

    options = {"encoding": given["encoding"]} if given["encoding"] else {}
    if file is None:
        from loopflow.config.resolve import resolve  # noqa: PLC0415

        config = resolve(found, environ, options)
    else:
        from loopflow.model import ConfigRequest  # noqa: PLC0415
        from loopflow.usecases.find_config import find_config_here  # noqa: PLC0415

        config = find_config_here(here, ConfigRequest(options, environ, file))
    table = config.sections.get("chat") or Table("", "", ("chat",), {})
    return read_tools(table), read_keep(table), config.encoding


def _find_files(here: str) -> dict[str, bytes]:
    """Return the config files at the root of the repository around `here`, or in it, as `usecases.find_config` does."""
    root = here
    while not os.path.lexists(os.path.join(root, ".git")):
        parent = os.path.dirname(root)
        if parent == root:
            root = here
            break
        root = parent
    return {name: data for name in CONFIG_FILES if (data := _read_bytes(os.path.join(root, name))) is not None}


def _says_something(data: bytes) -> bool:
    """Whether a config file may say something of tools."""
    return _SAYS[0] in data and any(word in data for word in _SAYS[1:])


def _read_bytes(path: str) -> bytes | None:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a pipe that nobody writes to would be waited for
        with open(handle, "rb") as file:
            return file.read() or b""
    except FileNotFoundError:
        return None
    except OSError as error:
        what = f"the config file {escape_name(path)} cannot be read: {describe_os_error(error)}"
        raise UsageError(what, "make it readable, or name another one with --config") from error


def run(given: Mapping[str, Any], console: Console, here: str) -> ExitCode:
    """Narrow a file, or standard input."""
    from loopflow.chat.narrowing.choosing import narrow  # noqa: PLC0415  a hook brings what it needs
    from loopflow.config.values import read_size_option  # noqa: PLC0415

    console.quiet = given["quiet"]
    limit = read_size_option(given["limit"], "--limit") if given["limit"] is not None else None
    rules, keeps, encoding = _read_config(given, console.environ, here)
    counter = _make_counter(encoding, console.environ, here)
    text = _read(given["file"], console, here).decode("utf-8", "replace")
    keeps = keeps if given["keep"] is None else given["keep"]
    done = narrow(
        text,
        given["tool"] or "shell",
        limit=limit,
        mode=given["mode"],
        exit_code=given["exit_code"],
        is_error=given["failed"],
        keep=Originals(cache_directory(console.environ, here)) if keeps else None,
        command=given["command"] or "",
        rules=rules,
        counter=counter,
    )
    _refuse_input(given, here)
    with console.writing_to(given["output"], here):
        console.write(done.text)
    console.note(_describe(done.category, done.mode, done.tokens, done.hidden, done.kept_at))
    return ExitCode.OK


def _describe(category: str, mode: str | None, tokens: int, hidden: int, kept_at: str) -> str:
    how = f"{category}, by {mode}" if mode and mode != category else category
    secrets = [f"{hidden:,} secret{'' if hidden == 1 else 's'} hidden"] if hidden else []
    where = [f"all of it is in {escape_name(kept_at)}"] if kept_at else []
    return "; ".join([f"{tokens:,} tokens: {how}", *secrets, *where])


def _refuse_input(given: Mapping[str, Any], here: str) -> None:
    file, output = given["file"], given["output"]
    if not file or not output or file == "-":
        return
    source, target = os.path.join(here, file), os.path.join(here, output)
    if os.path.exists(target) and os.path.samefile(source, target):
        raise UsageError(f"-o {escape_name(output)} is the output itself", "name another file")


def _read(file: str | None, console: Console, here: str) -> bytes:
    try:
        if file is None or file == "-":
            data = console.read_input("the output of a tool").read(MOST_BYTES + 1)
        else:
            with open(os.path.join(here, file), "rb") as opened:
                data = opened.read(MOST_BYTES + 1)
    except OSError as error:
        name = escape_name(file or "standard input")
        raise UsageError(f"{name} cannot be read: {describe_os_error(error)}", "check its name") from error
    if len(data) > MOST_BYTES:
        raise UsageError(f"it has more than {MOST_BYTES:,} bytes", "use loopflow logs: it reads logs of any size")
    return data
