"""`loopflow function`: what a model must read to work on one function of Python's, from any tree git has.

Always the same way: select a function, read a tree, resolve what it mentions, choose pieces, fit, print. Nothing of
what is read is run, imported or compiled.
"""

from loopflow.function.api import (
    build_testgen_context,
    encoded_tokens_len,
    extract_code_markdown_context_from_files,
    find_helpers,
    get_code_optimization_context,
    iter_contexts,
)
from loopflow.function.model import (
    OPTIMIZATION_CONTEXT_TOKEN_LIMIT,
    TESTGEN_CONTEXT_TOKEN_LIMIT,
    CodeContextType,
    CodeOptimizationContext,
    CodeString,
    CodeStringsMarkdown,
    ContextTooLargeError,
    FunctionSource,
    FunctionToOptimize,
    Helpers,
    NoSuchFunctionError,
    Part,
    Reference,
    Refused,
    Step,
)
from loopflow.function.settings import FunctionConfig
from loopflow.function.trees import SourceTree, Tree, list_tree
from loopflow.function.unused import (
    UsageInfo,
    collect_top_level_defs_with_usages,
    detect_unused_helper_functions,
    remove_unused_definitions_by_function_names,
)

__all__ = [
    "OPTIMIZATION_CONTEXT_TOKEN_LIMIT",
    "TESTGEN_CONTEXT_TOKEN_LIMIT",
    "CodeContextType",
    "CodeOptimizationContext",
    "CodeString",
    "CodeStringsMarkdown",
    "ContextTooLargeError",
    "FunctionConfig",
    "FunctionSource",
    "FunctionToOptimize",
    "Helpers",
    "NoSuchFunctionError",
    "Part",
    "Reference",
    "Refused",
    "SourceTree",
    "Step",
    "Tree",
    "UsageInfo",
    "build_testgen_context",
    "collect_top_level_defs_with_usages",
    "detect_unused_helper_functions",
    "encoded_tokens_len",
    "extract_code_markdown_context_from_files",
    "find_helpers",
    "get_code_optimization_context",
    "iter_contexts",
    "list_tree",
    "remove_unused_definitions_by_function_names",
]
