"""Make the contexts of all functions of packages, and check each: blocks parse, limits hold, no name is unexplained.

Usage: python benchmarks/functions/check.py PACKAGES [--every N] [--limit TOKENS] [--only NAME]
"""

import argparse
import ast
import builtins
import gc
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from loopflow.function.counting import write
from loopflow.function.model import CodeOptimizationContext
from loopflow.function.settings import FunctionConfig
from loopflow.function.target import all_functions
from loopflow.function.trees import list_tree
from loopflow.function.working import Workshop
from loopflow.model import SelectRequest
from loopflow.tokens import create_counter
from loopflow.tokens.protocol import TokenCounter

KNOWN = frozenset(dir(builtins)) | {"__file__", "__path__", "__builtins__", "WindowsError", "reveal_type", "unicode"}


def check(made: CodeOptimizationContext, limit: int, workshop: Workshop, counter: TokenCounter) -> Iterator[str]:
    """Yield what is wrong with a context."""
    printed = write(made.read_writable, made.read_only)
    [tokens] = counter.count([printed])
    if tokens != made.tokens.printed or tokens > limit:
        yield f"{tokens} tokens, {made.tokens.printed} said, {limit} allowed"
    codes: dict[str, str] = {}
    for block in (*made.read_writable.code_strings, *made.read_only.code_strings):
        try:
            ast.parse(block.code)
        except SyntaxError as error:
            yield f"{block.path} does not parse: {error}"
            return
        codes[block.path] = codes.get(block.path, "") + block.code
    listed = {each.rpartition(":")[2] for each in made.beyond} | {each.text for each in made.unresolved}
    for path, code in codes.items():
        for name in sorted(_free(ast.parse(code)) - KNOWN - listed):
            if _is_bound(workshop, path, name):
                yield f"{name} in {path} is free"


def _free(tree: ast.Module) -> set[str]:
    """Return the names that are read and bound nowhere in the text, in any scope."""
    read = {each.id for each in ast.walk(tree) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load)}
    bound = {each.id for each in ast.walk(tree) if isinstance(each, ast.Name) and not isinstance(each.ctx, ast.Load)}
    for each in ast.walk(tree):
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            bound.add(each.name)
        elif isinstance(each, ast.arg):
            bound.add(each.arg)
        elif isinstance(each, ast.alias):
            bound.add(each.asname or each.name.partition(".")[0])
        elif isinstance(each, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and each.name:
            bound.add(each.name)
        elif isinstance(each, ast.MatchMapping) and each.rest:
            bound.add(each.rest)
    return read - bound


def _is_bound(workshop: Workshop, path: str, name: str) -> bool:
    """Whether the file itself binds a name that is free: what it does not bind either is a fault of the file."""
    module = workshop.project.module(path)
    return module is not None and name in module.nodes[0].scope.bindings


def main() -> None:
    """Check all, and print what is wrong."""
    gc.disable()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packages", type=Path)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--limit", type=int, default=16_000)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    wrong = 0
    for package in sorted(each for each in options.packages.iterdir() if options.only in each.name):
        begin = time.process_time()
        counter = create_counter()
        workshop = Workshop(list_tree(SelectRequest(), str(package)), FunctionConfig(), counter)
        targets = [each for path in list(workshop.tree.files) for each in all_functions(workshop, path)][
            :: options.every
        ]
        refused = cut = 0
        for target in targets:
            made = workshop.make(target, options.limit)
            if not isinstance(made, CodeOptimizationContext):
                refused += 1
                continue
            cut += bool(made.steps)
            for problem in check(made, options.limit, workshop, counter):
                wrong += 1
                print(f"{target.name}: {problem}")
        took = time.process_time() - begin
        print(f"{package.name}: {len(targets)} functions, {cut} cut, {refused} too large, {took:.1f} s of CPU")
        sys.stdout.flush()
    print(f"{wrong} problems")


if __name__ == "__main__":
    main()
