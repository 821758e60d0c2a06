"""The store of known hashes: functions that a job has passed for, to be skipped while nothing that they need changes.

The file is a pure function of what it holds, sorted, two lines an entry, the last always the same: branches that change
neighbouring functions merge without a conflict.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Final

from loopflow.analysis.names import escape_name, path_bytes
from loopflow.errors import LoopflowError, UsageError
from loopflow.function.graph import VERSION
from loopflow.io.git.repository import Git
from loopflow.io.stored_json import StoredDocument, StoredKind
from loopflow.model import Repository

SCHEMA: Final = 1
AGAIN: Final = "remove it, and write it anew with --save-hashes"
_KIND: Final = StoredKind("store of hashes", AGAIN, UsageError)
_END: Final = ""
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")

Hashes = Mapping[str, str]
"""Name of a function -> its hash."""


def dump(hashes: Hashes, kind: str) -> str:
    """Return the text of a store; it is ASCII, whatever names are in it. `kind` is deep or shallow."""
    lines = ["{", f'"schema": {SCHEMA},', f'"hash": "{kind}-{VERSION}",', '"functions": {']
    for name in sorted(hashes, key=path_bytes):
        lines += [f"{json.dumps(name)}:", f'"{hashes[name].rpartition(":")[2]}",']
    return "\n".join([*lines, f"{json.dumps(_END)}:", '""', "}", "}", ""])


def parse(data: bytes, name: str, kind: str) -> dict[str, str]:
    """Return the hashes in the file `name`. Raises UsageError for whatever is wrong with it, with line and remedy."""
    document = StoredDocument(data, name, _KIND)
    values = document.values
    schema = values.get("schema")
    if isinstance(schema, int) and schema > SCHEMA:
        what = f"it has schema {schema}, and this version knows {SCHEMA}"
        raise document.complain('"schema"', what, "upgrade loopflow")
    if schema != SCHEMA or isinstance(schema, bool):
        raise document.complain('"schema"', "it does not say that it is a store of hashes", AGAIN)
    _require_version(document, values.get("hash"), f"{kind}-{VERSION}")
    functions = values.get("functions")
    if not isinstance(functions, dict) or functions.pop(_END, None) != "":
        raise document.complain('"functions"', "it does not end as one does: something is missing", AGAIN)
    for function, digest in functions.items():
        if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
            raise document.error_of(function, f"what stands for {escape_name(function)} is no hash")
        if not _is_name(function):
            raise document.error_of(function, f"{escape_name(function)} is no PATH:QUALNAME")
    return {function: f"{kind}-{VERSION}:{digest}" for function, digest in functions.items()}


def merge(stored: Hashes, passed: Hashes, vanished: Iterable[str]) -> dict[str, str]:
    """Return what is to be stored: what was, without functions that are gone, and those that are known now."""
    gone = frozenset(vanished)
    return {name: digest for name, digest in {**stored, **passed}.items() if name not in gone}


def read_at(git: Git, repository: Repository, commits: Iterable[str], path: str, kind: str) -> list[dict[str, str]]:
    """Return the stores at `path` in commits: nothing where there is none, or one that cannot be used there."""
    found = []
    for commit in commits:
        data = git.read_file(repository, commit, path)
        if data is not None:
            try:
                found.append(parse(data, path, kind))
            except LoopflowError:
                continue  # what a former version wrote is nobody's fault now: nothing is known of it
    return found


def _require_version(document: StoredDocument, found: object, wanted: str) -> None:
    if found == wanted:
        return
    if not isinstance(found, str):
        raise document.complain('"hash"', "it does not say how hashes were made", AGAIN)
    what = f"its hashes are {escape_name(found)}, and this run makes {wanted}"
    raise document.complain('"hash"', what, AGAIN)


def _is_name(name: str) -> bool:
    try:
        path_bytes(name)
    except UnicodeEncodeError:
        return False
    return ":" in name
