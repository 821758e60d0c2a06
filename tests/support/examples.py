"""How many examples a property tries that asks git, or starts runs, for each: a few, and many where there is time."""

from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from hypothesis import settings

USUAL = 60
"""How many examples the profile has by which `some` is measured; the profile "many" has several times as many."""

_Test = TypeVar("_Test", bound=Callable[..., Any])


def some(number: int) -> Callable[[_Test], _Test]:
    """Let a property try `number` examples, in the proportion of the profile, and mark it as one to try more of."""
    share = (settings.default.max_examples if settings.default else USUAL) / USUAL
    limit = settings(max_examples=max(1, round(number * share)))

    def decorate(test: _Test) -> _Test:
        marked: _Test = pytest.mark.examples(limit(test))
        return marked

    return decorate
