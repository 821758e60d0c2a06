"""A budget of tokens, and who may have what of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.errors import UsageError
from loopflow.logs.budgeting import TokenBudgetManager
from loopflow.logs.model import Priority, Share

OFFERS = st.lists(
    st.tuples(st.sampled_from(["api", "web", "misc"]), st.sampled_from(Priority), st.integers(0, 400)), max_size=30
)
COMPONENTS = {"api": 300, "web": 200}
CRITICAL, HIGH = Priority.CRITICAL, Priority.HIGH


@given(offers=OFFERS, strict=st.booleans(), buffer=st.integers(0, 1_200))
def test_no_more_is_given_than_there_is(offers: list[tuple[str, Priority, int]], strict: bool, buffer: int) -> None:  # noqa: FBT001
    """And what is given, refused and left adds up."""
    components = COMPONENTS if buffer <= 500 else {}
    manager = TokenBudgetManager(1_000, buffer=buffer, components=components, strict=strict)
    given_out = [tokens for name, priority, tokens in offers if manager.offer(name, priority, tokens)]
    shares = manager.shares()
    assert manager.used == sum(given_out) == sum(share.used for share in shares)
    assert manager.used + manager.remaining() == manager.total == max(1_000 - buffer, 0)
    assert sum(share.items + share.left_out for share in shares) == len(offers)
    assert sum(share.items for share in shares) == len(given_out)


@given(offers=OFFERS, strict=st.booleans(), tokens=st.integers(0, 300))
def test_a_component_has_what_it_is_guaranteed(
    offers: list[tuple[str, Priority, int]],
    strict: bool,  # noqa: FBT001
    tokens: int,
) -> None:
    """Whatever others take, but for what is critical."""
    manager = TokenBudgetManager(500, components=COMPONENTS, strict=strict)
    for name, priority, asked in offers:
        if name != "api":
            manager.offer(name, min(priority, HIGH), asked)
    assert manager.offer("api", Priority.LOW, tokens)


@pytest.mark.parametrize(
    ("component", "priority", "strict", "most"),
    [
        ("misc", HIGH, False, 400),
        ("misc", CRITICAL, False, 1_000),
        ("api", HIGH, False, 700),
        ("api", HIGH, True, 300),
        ("api", CRITICAL, True, 1_000),
        ("misc", HIGH, True, 400),
    ],
)
def test_how_much_one_may_have(component: str, priority: Priority, strict: bool, most: int) -> None:  # noqa: FBT001
    """What is critical all; others neither what is guaranteed to one nor the tenth that is kept."""
    for tokens, fits in ((most + 1, False), (most, True)):
        manager = TokenBudgetManager(1_000, components=COMPONENTS, strict=strict)
        assert manager.offer(component, priority, tokens) is fits


@pytest.mark.parametrize(
    ("used", "verbosity"),
    [(0, "full"), (30, "full"), (31, "normal"), (60, "normal"), (61, "reduced"), (89, "reduced"), (90, "minimal")],
)
def test_verbosity_falls_with_what_is_left(used: int, verbosity: str) -> None:
    """At 70, 40 and 10 %."""
    manager = TokenBudgetManager(100)
    manager.offer("misc", CRITICAL, used)
    assert manager.verbosity == verbosity


def test_a_budget_of_nothing_is_minimal() -> None:
    """And has room for nothing, but for what takes nothing."""
    manager = TokenBudgetManager(0)
    assert (manager.verbosity, manager.check_budget(0), manager.check_budget(1)) == ("minimal", True, False)


def test_what_is_given_back_can_be_given_again() -> None:
    """All numbers follow."""
    manager = TokenBudgetManager(100, components={"api": 60})
    assert manager.offer("api", CRITICAL, 100)
    assert not manager.check_budget(1)
    manager.release("api", 70)
    assert (manager.used, manager.remaining(), manager.remaining("api"), manager.check_budget(70)) == (30, 70, 30, True)
    assert manager.shares() == (Share("api", 60, 30, 1, 0),)


def test_components_cannot_have_more_than_there_is() -> None:
    """The error has the sum; what is left free is not there."""
    with pytest.raises(UsageError) as raised:
        TokenBudgetManager(1_000, buffer=501, components=COMPONENTS)
    assert raised.value.message == "the components' budgets are 500 tokens, and there are 499"
