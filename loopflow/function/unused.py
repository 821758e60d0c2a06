"""Which definitions of a text are used by some of them, and the text without the others. Pure functions over text."""

import ast
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from loopflow.errors import UsageError
from loopflow.function.extract import File, Keep, extract
from loopflow.function.facts.model import CLASS, DEFINED, Binding, Facts
from loopflow.function.facts.read import UnparsedError, parse, read_facts, split_lines
from loopflow.function.model import CodeOptimizationContext, CodeStringsMarkdown, FunctionSource, FunctionToOptimize
from loopflow.function.sayings import EFFECT, Sayings

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True)
class UsageInfo:
    """A definition at the top of a text, or a method, `Class.m`: what it uses, and whether the roots reach it."""

    name: str
    kind: str
    uses: frozenset[str]
    used_by_roots: bool


def collect_top_level_defs_with_usages(code: str, names: Collection[str]) -> dict[str, UsageInfo]:
    """Return each definition by its name. `names` are the roots; `__all__` counts as one.

    Raises UsageError for a root that is not defined, UnparsedError for what does not parse.
    """
    nodes = _index(parse(code).body)
    missing = [name for name in names if name not in nodes]
    if missing:
        what = f"{missing[0]} is not defined in the code"
        raise UsageError(what, f"it defines {', '.join(list(nodes)[:5]) or 'nothing'}")
    uses = {name: frozenset(_uses(name, found, nodes)) for name, found in nodes.items()}
    exports = read_facts(code).exports or ()
    reached = _reach([*names, *exports, "__all__"], uses)
    return {name: UsageInfo(name, _kind(found[0]), uses[name], name in reached) for name, found in nodes.items()}


def remove_unused_definitions_by_function_names(code: str, names: Collection[str]) -> str:
    """Return code without what the functions of these names do not use; imports are narrowed.

    Statements that bind nothing stay where they name something that does, with what else they name. Code that does not
    parse is returned as it is. Raises UsageError for a name that is not defined.
    """
    try:
        facts = read_facts(code)
        sayings = Sayings(code)
    except UnparsedError:
        return code
    usages = collect_top_level_defs_with_usages(code, names)
    kept = {name for name, usage in usages.items() if usage.used_by_roots}
    uses = {name: usage.uses for name, usage in usages.items()}
    effects = {
        each.start: sayings.words(each)[0] for each in sayings.statements if each.kind == EFFECT and not each.owner
    }
    lines: set[int] = set()
    while new := {line for line, words in effects.items() if line not in lines and words & kept}:
        lines |= new
        kept |= _reach([name for line in new for name in effects[line]], uses)
    classes = {name for name in kept if usages[name].kind == "class"}
    fields = {f"{name}.{each}" for name in classes for each in _fields(facts, name)}
    keep = Keep(
        whole=kept - classes | fields,
        heads=classes,
        documented=classes,
        lines=lines,
    )
    return extract(File(split_lines(code), facts.units), keep).code


def _fields(facts: Facts, name: str) -> Iterable[str]:
    """Yield what the body of a class binds, but for its methods."""
    for scope in facts.scopes:
        if scope.kind == CLASS and scope.qualname == name:
            yield from (
                each for each, found in scope.bindings.items() if found[0].kind != DEFINED or _is_class(facts, found)
            )


def _is_class(facts: Facts, found: list[Binding]) -> bool:
    number: int = found[0].what[0]
    return facts.scopes[number].kind == CLASS


def detect_unused_helper_functions(
    target: str | FunctionToOptimize, context: CodeOptimizationContext, new_code: str | CodeStringsMarkdown
) -> list[FunctionSource]:
    """Return the helpers of a context that the new code of its function no longer reaches.

    `target` is the function, or its qualified name, which is never among them. What is reached is whatever the names of
    functions, methods and attributes in the new code may mean, by calls, references and other names.
    """
    codes = [new_code] if isinstance(new_code, str) else [block.code for block in new_code.code_strings]
    trees = [parse(code) for code in codes]
    target = target if isinstance(target, str) else target.qualname
    helpers: dict[str, list[FunctionSource]] = {}
    for each in context.helpers:
        helpers.setdefault(each.qualname.rpartition(".")[2], []).append(each)
    bodies = {
        node.name: node
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }
    last = target.rpartition(".")[2]
    waiting: list[ast.AST] = [bodies[last]] if last in bodies else [*trees]
    seen: set[str] = {last}
    while waiting:
        node = waiting.pop()
        for name in _names(node) - seen:
            seen.add(name)
            if name in bodies:
                waiting.append(bodies[name])
            elif name in helpers:
                waiting += [_parse_piece(each.source) for each in helpers[name]]
    found = [each for name in seen for each in helpers.get(name, ())]
    is_kept = seen | {parent for each in found for parent in each.qualname.split(".")[:-1]}
    unused = [each for each in context.helpers if each.qualname.rpartition(".")[2] not in is_kept]
    return [each for each in unused if each.qualname != target and each.rule not in {"constructor", "implicit"}]


def _parse_piece(source: str) -> ast.AST:
    text = source.expandtabs()
    try:
        return parse("if 1:\n" + text if text[:1] == " " else text)
    except UnparsedError:
        return ast.Module([], [])


def _names(node: ast.AST) -> set[str]:
    found: set[str] = set()
    for each in ast.walk(node):
        if isinstance(each, ast.Name):
            found.add(each.id)
        elif isinstance(each, ast.Attribute):
            found.add(each.attr)
        elif isinstance(each, ast.alias):
            found.add(each.name.rpartition(".")[2])
    return found


def _index(body: Iterable[ast.stmt]) -> dict[str, list[ast.AST]]:
    """Return definitions by name: those at the top, also in frames, and methods of classes as `Class.m`."""
    found: dict[str, list[ast.AST]] = {}
    for node in body:
        if isinstance(node, _FUNCTIONS):
            found.setdefault(node.name, []).append(node)
        elif isinstance(node, ast.ClassDef):
            found.setdefault(node.name, []).append(node)
            for member in node.body:
                if isinstance(member, _FUNCTIONS):
                    found.setdefault(f"{node.name}.{member.name}", []).append(member)
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            for name in _bound(node):
                found.setdefault(name, []).append(node)
        elif not isinstance(node, ast.Import | ast.ImportFrom):
            inner = [each for each in ast.iter_child_nodes(node) if isinstance(each, ast.stmt | ast.ExceptHandler)]
            bodies = [each.body if isinstance(each, ast.ExceptHandler) else [each] for each in inner]
            for name, nodes in _index(each for one in bodies for each in one).items():
                found.setdefault(name, []).extend(nodes)
    return found


def _bound(node: ast.AST) -> list[str]:
    return [each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)]


def _uses(name: str, nodes: Iterable[ast.AST], defined: Mapping[str, object]) -> Iterable[str]:
    """Yield the definitions that one uses. A method brings its class; an attribute means every method of that name."""
    owner, _, _ = name.rpartition(".")
    if owner:
        yield owner
    for node in nodes:
        parts = [node]
        if isinstance(node, ast.ClassDef):  # its methods are definitions of their own, but for those that Python calls
            members = [each for each in node.body if isinstance(each, _FUNCTIONS)]
            yield from (f"{name}.{each.name}" for each in members if each.name.startswith("__"))
            parts = [each for each in ast.iter_child_nodes(node) if each not in members]
        mentioned = {each for part in parts for each in _names(part)}
        yield from (each for each in defined if each.rpartition(".")[2] in mentioned and each != name)


def _kind(node: ast.AST) -> str:
    if isinstance(node, ast.ClassDef):
        return "class"
    return "function" if isinstance(node, _FUNCTIONS) else "variable"


def _reach(roots: Iterable[str], uses: Mapping[str, frozenset[str]]) -> set[str]:
    waiting = [*roots]
    reached: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in uses and name not in reached:
            reached.add(name)
            waiting += uses[name]
    return reached
