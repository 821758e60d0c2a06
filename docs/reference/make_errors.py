"""Write errors.md: every error that stops a run, as the code has it.

Usage: python docs/reference/make_errors.py

A message is read from where it is raised. What a run puts into it is shown in capitals.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import loopflow.errors
from loopflow.cli.habits import OPTIONS, PATHS, URL
from loopflow.cli.requests import CLASHES

HERE = Path(__file__).parent
SOURCE = HERE.parent.parent / "loopflow"
KINDS = {
    name: kind
    for name, kind in vars(loopflow.errors).items()
    if isinstance(kind, type) and issubclass(kind, loopflow.errors.LoopflowError)
}
CONSTANTS = {
    ast.unparse(node.targets[0]): str(node.value.value)
    for path in SOURCE.rglob("*.py")
    for node in ast.parse(path.read_text("utf-8")).body
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
}
ADVICE = {
    node.name: node
    for path in SOURCE.rglob("*.py")
    for node in ast.parse(path.read_text("utf-8")).body
    if isinstance(node, ast.FunctionDef) and node.name.lstrip("_").startswith("how_to_")
}
"""The functions that return what to do."""
OPENING = """\
# Errors

What stops a run is said on standard error, on one line: what happened and where, then what to do. Such a run exits
with 2, or 1 where `loopflow logs` needs a larger `--fit`. A context that it had begun to print is not whole then; each
file that it was to write is as it was, or whole. This list is made from the code by `docs/reference/make_errors.py`;
words in capitals are filled in.

What concerns one file does not stop a run: the file is listed as skipped, with its reason. A run that could not count
a file that it should have counted is incomplete; it says so, and under `--check` and `--save-baseline` it exits with 2.

| exit code | meaning |
|---|---|
| 0 | fine |
| 1 | with `--check` or `validate-ci`: a budget is exceeded, a check fails; `loopflow logs`: `--fit` is too small |
| 2 | it could not run, or could not count everything it should: one of the errors below |
| 3 | a bug: where it happened is in a log file that is named, without anything of your files |
| 130 | interrupted |

`loopflow logs run` ends as its command does, `--check` or not: with 127 where there is no such command, with 126 where
it cannot be run, with 128 and the number of a signal where one ended it. Where the digest itself cannot be made or
written, it ends as above.
"""

HABITS = """
## Words of other tools

Options, and names of commands, that other tools have for the same thing. They are no options here, and a path of such a
name is a path; where there is none, the error says what to type.

| word | what to do |
|---|---|"""


@dataclass(frozen=True, slots=True)
class Message:
    """One error: its kind, what it says and what it advises."""

    kind: str
    what: str
    hint: str


def find_messages(sources: Iterable[str]) -> Iterator[Message]:
    """Yield the errors that modules make, by themselves or with a function that makes them of what it is told."""
    modules = [
        [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)] for source in sources
    ]
    shared = {each.name: each for module in modules for each in module if _makes(each) and each.name[0] != "_"}
    for module in modules:
        makers = shared | {each.name: each for each in module if _makes(each)}
        for function in module:
            yield from _find_in(function, makers)


def _find_in(function: ast.FunctionDef, makers: Mapping[str, ast.FunctionDef]) -> Iterator[Message]:
    for node in ast.walk(function):
        if not isinstance(node, ast.Call):
            continue
        name = _called(node)
        if name in KINDS:
            yield from _messages(name, node.args[:2], function)
        elif name in makers and function.name not in makers:
            given = [argument.arg for argument in makers[name].args.args if argument.arg != "self"]
            asked = [node.args[given.index(each)] for each in ("what", "hint") if each in given]
            yield from _messages(_makes(makers[name]), asked, function)


def _makes(function: ast.FunctionDef) -> str:
    """Return the kind of the errors that a function makes of what others say; nothing for other functions."""
    kind = ast.unparse(function.returns) if function.returns else ""
    return kind if kind in KINDS and "what" in {argument.arg for argument in function.args.args} else ""


def _messages(kind: str, arguments: Sequence[ast.expr], function: ast.FunctionDef) -> Iterator[Message]:
    what, *rest = (list(_texts(argument, function)) for argument in arguments)
    hints = rest[0] if rest else [""]
    pairs = (
        [(what[0], hint) for hint in hints]
        if len(what) == 1
        else zip(what, hints + hints[-1:] * len(what), strict=False)
    )
    for text, hint in pairs:
        if not text.endswith("WHAT") and hint != "HINT":  # those pass on what others say
            yield Message(kind, text, hint)


def _texts(node: ast.expr, function: ast.FunctionDef) -> Iterator[str]:
    """Yield what an expression may say: each branch of a condition, each value that a name is given."""
    if isinstance(node, ast.Constant):
        yield str(node.value)
    elif isinstance(node, ast.JoinedStr):
        yield "".join(_part(part, function) for part in node.values)
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body, function)
        yield from _texts(node.orelse, function)
    elif isinstance(node, ast.BinOp):
        yield from (left + right for left in _texts(node.left, function) for right in _texts(node.right, function))
    elif isinstance(node, ast.Name):
        values = [
            each.value
            for each in ast.walk(function)
            if isinstance(each, ast.Assign) and ast.unparse(each.targets[0]) == node.id
        ]
        for value in values or [None]:
            yield from _texts(value, function) if value else [CONSTANTS.get(node.id, node.id.upper())]
    elif isinstance(node, ast.Call) and _called(node) in ADVICE:
        advice = ADVICE[_called(node)]
        returned = [each.value for each in ast.walk(advice) if isinstance(each, ast.Return) and each.value]
        yield from (text for value in returned for text in _texts(value, advice))
    else:
        yield _name(node)


def _called(node: ast.Call) -> str:
    """Return the name of what is called."""
    return node.func.attr.lstrip("_") if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _part(part: ast.expr, function: ast.FunctionDef) -> str:
    if not isinstance(part, ast.FormattedValue):
        return str(part.value) if isinstance(part, ast.Constant) else _name(part)
    if isinstance(part.value, ast.Name):
        texts = list(_texts(part.value, function))
        if len(texts) == 1:
            return texts[0]
    return _name(part.value)


def _name(node: ast.expr) -> str:
    """Return the word for what is filled in: the last name in an expression."""
    names = [each for each in ast.walk(node) if isinstance(each, ast.Name | ast.Attribute)]
    inner = (
        node.args[-1 if ast.unparse(node.func) == "map" else 0] if isinstance(node, ast.Call) and node.args else None
    )
    if inner is not None:
        return _name(inner)
    word = (names[0].attr if isinstance(names[0], ast.Attribute) else names[0].id) if names else "..."
    return word.upper()


def render() -> str:
    """Return the page."""
    found = set(find_messages(path.read_text("utf-8") for path in sorted(SOURCE.rglob("*.py"))))
    found |= {Message("UsageError", what, hint) for _, what, hint in CLASHES}
    lines = [OPENING]
    for name, kind in KINDS.items():
        rows = sorted(
            (message for message in found if message.kind == name), key=lambda each: (each.what.lower(), each.hint)
        )
        if rows:
            about = (kind.__doc__ or "").splitlines()[0]
            lines += [f"\n## {name}\n", f"{about}\n", "| message | what to do |", "|---|---|"]
            lines += [f"| {_cell(row.what)} | {_cell(row.hint)} |" for row in rows]
    lines.append(HABITS)
    for habit in (*OPTIONS, *PATHS, URL):
        lines.append(f"| {', '.join(f'`{word}`' for word in habit.words)} | {_cell(habit.hint)} |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


if __name__ == "__main__":
    (HERE / "errors.md").write_text(render(), "utf-8")
