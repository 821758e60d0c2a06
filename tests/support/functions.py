"""Contexts of functions of small programs."""

from collections.abc import Mapping, Sequence

from loopflow.function import CodeOptimizationContext, FunctionConfig, get_code_optimization_context, iter_contexts
from tests.support.builder import Repo


def make(
    repo: Repo,
    files: Mapping[str, str | bytes],
    target: str,
    *,
    limit: int | None = None,
    config: FunctionConfig | None = None,
) -> CodeOptimizationContext:
    """Return the contexts of a function of a repository with these files."""
    repo.track(files)
    return get_code_optimization_context(
        target, repo.root, optimization_limit=limit, testgen_limit=None, config=config or FunctionConfig()
    )


def make_all(repo: Repo, files: Mapping[str, str | bytes], targets: Sequence[str]) -> list[CodeOptimizationContext]:
    """Return those of several functions, in their order."""
    repo.track(files)
    made = list(iter_contexts(targets, repo.root, optimization_limit=None, testgen_limit=None))
    assert all(isinstance(each, CodeOptimizationContext) for each in made)
    return [each for each in made if isinstance(each, CodeOptimizationContext)]


def helpers(made: CodeOptimizationContext) -> frozenset[str]:
    """Return what the function itself mentions, without constructors: their classes stand for them."""
    return frozenset(f"{each.path}:{each.qualname}" for each in made.helpers if each.rule != "constructor")


def variables(made: CodeOptimizationContext) -> frozenset[str]:
    """Return the variables and fields that the function mentions."""
    return frozenset(f"{each.path}:{each.qualname}" for each in made.variables if each.level == 1)


def unresolved(made: CodeOptimizationContext) -> frozenset[tuple[str, str]]:
    """Return the references that were not found, with the reason."""
    return frozenset((each.text, each.reason or "") for each in made.unresolved)


def shown(made: CodeOptimizationContext) -> dict[str, str]:
    """Return the code of both contexts, by file."""
    found: dict[str, str] = {}
    for each in (*made.read_writable.code_strings, *made.read_only.code_strings):
        found[each.path] = found.get(each.path, "") + each.code
    return found
