"""Components: which failure is of which, and what is guaranteed to them."""

import io
from dataclasses import replace

import pytest

from loopflow.errors import UsageError
from loopflow.logs.budgeting import TokenBudgetManager
from loopflow.logs.components import budgets_within, check_budgets, join_components, read_budgets_option
from loopflow.logs.gathering import Input
from loopflow.logs.model import Component, Digest, LogRequest, Priority, Share
from loopflow.logs.running import reduce_logs
from tests.support.reducing import count, counter


def trace(of: str, number: int, frames: int = 12) -> list[str]:
    """Return a traceback in code of a component, as no other is."""
    name = f"{'abcdefghijklmnopqrstuvwxyz'[number]}{of}"
    inner = [f'  File "{of}/{name}{at}.py", line {at}, in {name}\n    call_{name}_{at}()' for at in range(frames)]
    return ["Traceback (most recent call last):", *inner, f"{name.title()}Error: {name} gave up", "INFO ok", "INFO ok"]


LINES = [
    *(line for number in range(20) for line in trace("web", number)),
    *(line for number in range(3) for line in trace("api", number)),
    *(line for number in range(20, 26) for line in trace("web", number)),
]
PARTS = (Component("api", paths=("api/",)), Component("web", match="web/"))


def reduce(fit: int, components: tuple[Component, ...] = PARTS, **request: object) -> Digest:
    """Return the digest of a log in which a component fails more often than another."""
    data = "".join(f"{line}\n" for line in LINES).encode()
    given = LogRequest(fit, components=components, **request)  # type: ignore[arg-type]
    return reduce_logs([Input("a.log", "", io.BytesIO(data))], given, counter())


def share(digest: Digest, name: str) -> Share:
    """Return what became of a component."""
    return next(each for each in digest.components if each.component == name)


def test_a_failure_is_of_the_component_that_its_lines_name() -> None:
    """By a pattern or by a path, and says so in its heading."""
    digest = reduce(9_000)
    found = [each.failure.block.component for each in digest.outcomes]
    assert (found.count("web"), found.count("api")) == (26, 3)
    assert "traceback, api]" in digest.text
    assert sum(each.used for each in digest.components) <= digest.tokens_after


def test_the_first_component_that_matches_is_the_one() -> None:
    """In the order in which they are given."""
    every = (Component("all", match="Error"), *PARTS)
    assert {each.failure.block.component for each in reduce(20_000, every).outcomes} == {"all"}


def test_a_part_of_a_name_is_no_path() -> None:
    """A path begins where a name begins."""
    outcomes = reduce(20_000, (Component("x", paths=("eb/",)), Component("y", paths=("i/",)))).outcomes
    assert {each.failure.block.component for each in outcomes} == {""}


def test_what_is_guaranteed_is_there() -> None:
    """Where others could use it all, the component's failures are longer."""
    without, budgeted = reduce(3_000), reduce(3_000, (PARTS[0]._replace(tokens=900), PARTS[1]))
    assert share(budgeted, "api").used > share(without, "api").used
    assert share(budgeted, "api").given == 900
    assert share(budgeted, "api").used >= 600
    for digest in (without, budgeted):
        assert count(digest.text) == digest.tokens_after <= 3_000
        assert digest.critical_missing == 0


def test_what_a_component_leaves_is_shared_unless_it_is_strict() -> None:
    """One that is not there leaves all of it."""
    idle = (*PARTS, Component("idle", match="no such line", tokens=1_500))
    shared, strict = reduce(3_000, idle), reduce(3_000, idle, strict_components=True)
    assert shared.tokens_after > 2_700
    assert strict.tokens_after < 2_000
    assert strict.critical_missing == 0


def test_a_strict_component_gets_no_more_than_its_own_but_lines() -> None:
    """Each critical cause keeps a line."""
    digest = reduce(6_000, (Component("web", match="web/", tokens=900), PARTS[0]), strict_components=True)
    plain = reduce(6_000)
    assert share(digest, "web").used < share(plain, "web").used
    assert digest.critical_missing == 0


def test_budgets_larger_than_a_small_log_are_scaled() -> None:
    """They hold for what is allowed; a log that is smaller is no error."""
    assert reduce(6_000, (PARTS[0]._replace(tokens=5_900), PARTS[1])).critical_missing == 0
    assert budgets_within((Component("a", tokens=300), Component("b", tokens=100), Component("c")), 40) == {
        "a": 30,
        "b": 10,
    }


def test_budgets_that_do_not_add_up_are_refused_with_their_sum() -> None:
    """Those that take exactly all are not."""
    check_budgets((Component("a", tokens=60), Component("b", tokens=40)), 100)
    with pytest.raises(UsageError, match="budgets are 101 tokens, and there are 100"):
        check_budgets((Component("a", tokens=60), Component("b", tokens=41)), 100)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("{", "is not JSON"),
        ("[1]", "is no JSON object"),
        ('{"a": 1, "a": 2}', "a name is there twice"),
        ('{"a": -1}', "is no number of tokens"),
        ('{"a": 0}', "is no number of tokens"),
        ('{"a": true}', "has no number of tokens"),
        ('{"a": 1.5}', "has no number of tokens"),
        ('{"a": null}', "has no number of tokens"),
        ('{"": 5}', "cannot be the name"),
        ('{"a\\u001b": 5}', "cannot be the name"),
        ("[" * 100_000, "component-budgets"),
        ('{"a": ' + "9" * 5_000 + "}", "component-budgets"),
    ],
)
def test_budgets_that_are_none_are_named(text: str, wrong: str) -> None:
    """In one line, whatever they are."""
    with pytest.raises(UsageError, match=wrong) as raised:
        read_budgets_option(text)
    assert raised.value.message.isprintable()


def test_budgets_are_read() -> None:
    """As numbers, and as people write them."""
    assert read_budgets_option('{"api": 20000, "web app": "2k"}') == {"api": 20_000, "web app": 2_000}


def test_options_go_before_the_config() -> None:
    """Name by name; a budget alone takes the rest from there."""
    config = (Component("api", "x", (), 5), Component("db", "y", (), 6))
    joined = join_components((Component("api", "z"),), config, {"db": 7, "new": 8})
    assert joined == (Component("api", "z", (), 5), Component("db", "y", (), 7), Component("new", tokens=8))


def test_what_spares_leaves_what_others_are_guaranteed() -> None:
    """What is critical may take it all the same."""
    manager = TokenBudgetManager(100, components={"a": 60})
    assert manager.free() == 40
    assert not manager.offer("b", Priority.CRITICAL, 41, spares=True)
    assert manager.offer("b", Priority.CRITICAL, 40, spares=True)
    assert manager.offer("b", Priority.CRITICAL, 10)
    assert manager.offer("a", Priority.HIGH, 50)


def test_a_step_is_a_component() -> None:
    """Where nothing else names one."""
    lines = ["##[group]Run make", "##[endgroup]", *(f"GET {number}" for number in range(900)), "error: x"]
    data = "\n".join(lines).encode()
    digest = reduce_logs([Input("a.log", "", io.BytesIO(data))], replace(LogRequest(300)), counter())
    assert "make" in " ".join(each.component for each in digest.components)
