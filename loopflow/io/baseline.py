"""The stored baseline: what each file cost when it was saved.

The file is a pure function of what it holds: no time, no commit, no totals. Each file takes two lines, its path and its
count, and the last entry is always the same, so that two branches that change neighbouring files never change adjacent
lines, and merge without a conflict.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from loopflow.analysis.names import escape_name, path_bytes
from loopflow.errors import BaselineError
from loopflow.io.stored_json import StoredDocument, StoredKind
from loopflow.model import MOST_TOKENS

SCHEMA = 1
SAVE_AGAIN = "code-context --profile --save-baseline writes a new one"
_END = ""
BASELINE = StoredKind("baseline", SAVE_AGAIN, BaselineError)


@dataclass(frozen=True, slots=True)
class Baseline:
    """Tokens by path, and the id of the encoding they were counted with."""

    encoding_id: str
    files: Mapping[str, int]


def dump(baseline: Baseline) -> str:
    """Return the text of a baseline file; it is ASCII, whatever names are in it."""
    lines = ["{", f'"schema": {SCHEMA},', f'"encoding": {json.dumps(baseline.encoding_id)},', '"files": {']
    for path in sorted(baseline.files, key=path_bytes):
        lines += [f"{json.dumps(path)}:", f"{baseline.files[path]},"]
    return "\n".join([*lines, f"{json.dumps(_END)}:", "0", "}", "}", ""])


def parse(data: bytes, name: str, encoding_id: str) -> Baseline:
    """Return the baseline in the file `name`, counted with `encoding_id`.

    Raises BaselineError for whatever is wrong with it, with line and remedy.
    """
    document = StoredDocument(data, name, BASELINE)
    values = document.values
    schema = values.get("schema")
    if isinstance(schema, int) and schema > SCHEMA:
        raise document.complain(
            '"schema"', f"it has schema {schema}, and this version knows {SCHEMA}", "upgrade loopflow"
        )
    if schema != SCHEMA or isinstance(schema, bool):
        raise document.complain('"schema"', "it does not say that it is a baseline", SAVE_AGAIN)
    files = values.get("files")
    if not isinstance(files, dict) or files.pop(_END, None) != 0:
        raise document.complain('"files"', "it does not end as a baseline does: something is missing", SAVE_AGAIN)
    for path, tokens in files.items():
        if not isinstance(tokens, int) or isinstance(tokens, bool) or not 0 <= tokens <= MOST_TOKENS:
            what = f"the count of {escape_name(path)} is no number of tokens"
            raise document.error_of(path, what)
    _require_paths(document, files)
    _require_encoding(document, values.get("encoding"), encoding_id)
    return Baseline(encoding_id, files)


def _require_paths(document: StoredDocument, files: Mapping[str, int]) -> None:
    """Raise BaselineError for a path that stands for no bytes: half of a surrogate pair, which JSON can hold."""
    try:
        path_bytes("".join(files))
    except UnicodeEncodeError as error:
        odd = error.object[error.start]
        path = next(path for path in files if odd in path)
        raise document.error_of(path, f"{escape_name(path)} is no path") from error


def _require_encoding(document: StoredDocument, found: object, wanted: str) -> None:
    if found == wanted:
        return
    theirs, ours = str(found).partition(":")[0], wanted.partition(":")[0]
    if not isinstance(found, str):
        raise document.complain('"encoding"', "it does not say how it was counted", SAVE_AGAIN)
    if theirs == ours:
        what = f"it was counted with another version of {ours}"
        raise document.complain('"encoding"', what, SAVE_AGAIN)
    what = f"it was counted with {escape_name(theirs)}, and this run counts with {ours}"
    raise document.complain('"encoding"', what, f"count with --encoding {escape_name(theirs)}, or save it again")
