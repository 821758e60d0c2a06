"""Whether digests can be made, counted, kept and traced here. What is tried is taken away again."""

import io
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

from loopflow.analysis.names import escape_name
from loopflow.errors import LoopflowError, describe_os_error
from loopflow.logs.archive import ArchiveWriter, read_range
from loopflow.logs.checks.model import Case, Finding, absent, failed, passed
from loopflow.logs.examples import make_example
from loopflow.logs.gathering import Input
from loopflow.logs.model import LogRequest
from loopflow.logs.originals import UNREADABLE
from loopflow.logs.rotating import Rotation, find_newest, open_output, rotate
from loopflow.logs.running import reduce_logs
from loopflow.logs.store import StoreError, open_store
from loopflow.logs.whole import count_all
from loopflow.tokens import create_counter
from loopflow.tokens.protocol import TokenCounter

_LEAST: Final = 100
"""Tokens in which something can be said of any log."""
_SAMPLE: Final = "E   AssertionError: 3 Äpfel ≠ 4, see app.log:12 \U0001f34e\n\tat run(File.java:7)\n" * 2
_COUNTS: Final[Mapping[str, int]] = MappingProxyType({"o200k_base": 60, "cl100k_base": 58})
"""The tokens of the sample in each encoding, by the reference."""
_FIT: Final = 500
_BYTES: Final = 20_000


def check_budget(case: Case) -> Finding:
    """Look whether the tokens that a digest may have are enough for one."""
    if case.problem:
        return failed(f"the config does not hold: {case.problem}", "see loopflow logs validate-config")
    settings = case.settings
    left = settings.fit - settings.buffer
    if left < _LEAST:
        seen = f"fit = {settings.fit:,} less buffer = {settings.buffer:,} leaves {max(left, 0):,} tokens"
        return failed(seen, f"leave {_LEAST} or more in [logs]")
    return passed(f"{settings.fit:,} tokens" + (f", {settings.buffer:,} of them left free" if settings.buffer else ""))


def check_directory(case: Case) -> Finding:
    """Look whether the directory of digests is there, or can be made, and takes files."""
    path = case.settings.output_dir
    if path is None:
        return absent("no directory keeps digests", 'write output_dir = "logs" in [logs], or give --output-dir')
    place = os.path.join(case.root, path)
    if (why := find_obstacle(place, case.root)) is not None:
        return failed(f"{escape_name(path)}: {why}", "name a directory that can be written to as output_dir in [logs]")
    return passed(f"{escape_name(path)} {'is there and takes files' if os.path.isdir(place) else 'can be made'}")


def find_obstacle(path: str, root: str) -> str | None:
    """Say why no digest can be kept in the directory `path` below `root`, None where it can. Nothing is made."""
    if os.path.realpath(path) != os.path.join(os.path.realpath(root), os.path.relpath(path, root)):
        return "it is behind a link"
    nearest = path
    while not os.path.lexists(nearest):
        nearest = os.path.dirname(nearest)
    if not os.path.isdir(nearest):
        return "it is a file" if nearest == path else "a part of it is a file"
    try:
        with tempfile.TemporaryFile(dir=nearest):
            return None
    except OSError as error:
        return describe_os_error(error)


def check_kept(case: Case) -> Finding:
    """Look whether what is kept of the newest run is whole; without one, of a run that is made for it."""
    path = case.settings.output_dir
    place = os.path.join(case.root, path) if path is not None else ""
    try:
        counter = _counter(case)
        if os.path.isdir(place) and not os.path.islink(place) and (files := find_newest(place)):
            why = _find_damage(place, files, counter)
            remedy = f"remove {files[0]} and what belongs to it, and look for what changed it"
            return failed(f"{escape_name(files[0])}: {why}", remedy) if why else passed(f"{files[0]} is whole")
        with tempfile.TemporaryDirectory() as trial:
            files = _keep_example(trial, counter)
            why = _find_damage(trial, files, counter) if files else "nothing was written"
    except (LoopflowError, OSError) as error:
        why = describe_os_error(error) if isinstance(error, OSError) else error.message
    return failed(f"a trial: {why}", "make TMPDIR a directory that takes files") if why else passed("a trial is whole")


def _keep_example(directory: str, counter: TokenCounter) -> list[str]:
    example = make_example("unit", _BYTES)
    digest = reduce_logs([Input("example", "", io.BytesIO(example.data))], LogRequest(_FIT), counter)
    with open_output(directory, directory) as opened:
        rotate(Rotation(opened, _BYTES, 1), digest, [], datetime.now(UTC))
    return find_newest(directory)


def _find_damage(directory: str, files: Sequence[str], counter: TokenCounter) -> str:
    """Say what is wrong with the files of a run, "" if nothing: text and document say the same, and its count holds."""
    texts: list[str] = []
    document = None
    for file in files:
        if not os.path.isfile(os.path.join(directory, file)):
            return f"{file} is no file"
        with open(os.path.join(directory, file), encoding="utf-8", errors="replace") as opened:
            if file.endswith(".json"):
                with suppress(ValueError, RecursionError):
                    document = json.load(opened)
            elif file.endswith(".txt"):
                text = opened.read()
                texts.append(text.partition("\n")[2] if text.startswith("[part ") and texts else text)
    if not isinstance(document, dict) or not isinstance(document.get("text"), str):
        return "its document is no JSON of ours"
    return _compare(document, "".join(texts), counter)


def _compare(document: Mapping[str, Any], text: str, counter: TokenCounter) -> str:
    whole = f"{document.get('head')}\n{document['text']}" if document.get("whole") else document["text"]
    if text != whole:
        return "its text is not that of its document"
    if document.get("encoding") != counter.encoding:
        return ""  # another encoding held when it was made
    [tokens] = count_all(counter, [document["text"]])
    counts = document.get("tokens")
    said = counts.get("after") if isinstance(counts, dict) else None
    return "" if tokens == said else f"its document says {said} tokens, and it has {tokens}"


def _counter(case: Case) -> TokenCounter:
    encoding = case.config.encoding if case.config else "o200k_base"
    return create_counter(encoding, case.environ.get("LOOPFLOW_ENGINE") or None, case.cache)


def check_counting(case: Case) -> Finding:
    """Look whether tokens of a known text are what the reference counts."""
    try:
        counter = _counter(case)
    except LoopflowError as error:
        return failed(error.message, error.hint)
    return compare_counts(counter)


def compare_counts(counter: TokenCounter) -> Finding:
    """Look whether a counter says of a known text what the reference says."""
    [tokens] = counter.count([_SAMPLE])
    expected = _COUNTS[counter.encoding]
    if tokens != expected:
        seen = f"{counter.engine} counts {tokens} tokens in {counter.encoding} where there are {expected}"
        return failed(seen, "set LOOPFLOW_ENGINE=tiktoken, and report it")
    return passed(f"{counter.engine} counts {counter.encoding} as the reference does")


def check_history(case: Case) -> Finding:
    """Look whether runs can be remembered."""
    try:
        runs = open_store(case.data).check()
    except StoreError as error:
        return failed(
            f"nothing is remembered: {error}", "move the file away, or set LOOPFLOW_DATA_DIR to another place"
        )
    return passed(f"{runs:,} remembered")


def check_fallback(case: Case) -> Finding:
    """Look whether originals can be kept, from which lines come where their log is gone."""
    if not case.settings.archive:
        return absent("archive = false: what comes through a pipe cannot be traced", "write archive = true in [logs]")
    with ArchiveWriter(case.data) as archive:
        archive.write(_SAMPLE.encode())
        archive.finish()
        read, why = b"", archive.failure
        if not why:
            try:
                read = b"".join(read_range(archive.path, 0, len(_SAMPLE.encode())))
            except UNREADABLE as error:
                why = str(error)
    if why or read != _SAMPLE.encode():
        return failed(
            f"no original can be kept: {why or 'it is not what was written'}", f"check {escape_name(case.data)}"
        )
    return passed("kept of what cannot be read again")
