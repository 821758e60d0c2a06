"""What a run of `loopflow function` has at hand."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from loopflow.console.console import Console
from loopflow.function.model import CodeOptimizationContext, Refused
from loopflow.function.settings import FunctionConfig
from loopflow.function.working import Workshop

Made: TypeAlias = CodeOptimizationContext | Refused


@dataclass(frozen=True, slots=True)
class Run:
    """What a run has at hand."""

    given: Mapping[str, Any]
    console: Console
    here: str
    workshop: Workshop
    config: FunctionConfig
    encoding: str
    limit: int | None
    """Of all that is printed, where --fit says so; else of each function."""
    fits_all: bool
    budget: int | None
