"""A request before it is sent: what is allowed, made smaller, capped, routed or stopped, and what is told of it."""

import json
from collections.abc import Callable, Sequence
from threading import Event as Signal
from threading import Thread
from typing import Any

import pytest

from loopflow.chat import (
    CEREBRAS_LIMITS,
    Blocked,
    Compactor,
    Cooldowns,
    CoolingDown,
    Counts,
    Limits,
    Routes,
    Surroundings,
    check,
    limits_for,
    read,
)
from loopflow.chat.capacity import Fullness, Gauge, Meter
from loopflow.chat.events import Event
from loopflow.chat.routing import choose_route, read_retry_after
from loopflow.errors import ConfigError, UsageError
from loopflow.tokens import count
from tests.support.talks import Said, as_anthropic, as_chat

COUNTS = Counts()
LIMITS = Limits("m", 20_000, 0.5, 0.9)
LONG = "\n".join(f"{n:4} def function_{n}(): return {n}" for n in range(150))
TASK = Said("user", "explain why the parser in src/parse.py loses comments, please")
READ = {"type": "function", "function": {"name": "Read", "parameters": {"properties": {"path": {"type": "string"}}}}}
WRITE = {
    "type": "function",
    "function": {"name": "Write", "parameters": {"properties": {"content": {"type": "string"}}}},
}


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def steps(number: int, text: str = LONG) -> list[Said]:
    return [
        event
        for at in range(number)
        for event in (
            Said("call", json.dumps({"path": f"f{at}"}), f"c{at}", "Read"),
            Said("result", f"{at}\n{text}", f"c{at}"),
        )
    ]


def make(limits: Limits = CEREBRAS_LIMITS, **more: Any) -> tuple[Compactor, list[Event]]:  # noqa: ANN401
    """Return a compactor, and the events that it tells."""
    told: list[Event] = []
    around = Surroundings(emit=told.append, **{"cooldowns": Cooldowns(), "session": "s1", **more})
    return Compactor(limits, counts=COUNTS, around=around), told


def names(told: Sequence[Event]) -> list[str]:
    return [event.name for event in told]


def find(told: Sequence[Event], name: str) -> dict[str, Any]:
    """Return the attributes of the one event of this name."""
    [found] = [event for event in told if event.name == name]
    return dict(found.attributes)


def test_what_is_small_is_allowed_and_stays_the_same_object() -> None:
    compactor, told = make()
    messages = as_chat([TASK])
    done = compactor.prepare(messages)
    assert (done.action, done.max_tokens, done.task, done.fits) == ("allow", 1_800, "EXPLANATION", True)
    assert done.messages == messages
    assert all(new is old for new, old in zip(done.messages, messages, strict=True))
    assert names(told) == ["workload_routing"]
    assert find(told, "workload_routing") == {
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "cerebras",
        "session": "s1",
        "workload": "EXPLANATION",
        "task": "EXPLANATION",
        "expected_model": "cerebras",
        "model": "cerebras",
        "ok": True,
    }


def test_action_follows_the_thresholds_of_the_limits() -> None:
    """A step is about 1,600 tokens; warned at 12,000, compacted above 15,000, blocked from 25,000 on."""
    seen = {}
    for number in (2, 8, 12, 30):
        compactor, told = make()
        done = compactor.prepare(as_chat([TASK, *steps(number)]))
        assert done.tokens <= 15_000
        assert check(read(done.messages, "chat")) == []
        seen[number] = done.action, "compaction" in names(told), "capacity_warning" in names(told)
    assert seen == {
        2: ("allow", False, False),
        8: ("warn", False, True),
        12: ("compact", True, False),
        30: ("block", True, False),
    }


def test_a_compaction_is_told_in_numbers() -> None:
    compactor, told = make()
    done = compactor.prepare(as_chat([TASK, *steps(12)]))
    said = find(told, "compaction")
    assert said["tokens_before"] > 15_000 >= said["tokens_after"] == done.tokens
    assert (said["messages_before"], said["messages_after"], said["fits"]) == (25, len(done.messages), True)
    assert (said["strategy"], said["summary"]) == ("auto", "none")
    assert said["ms"] >= 0
    assert not any("parse.py" in str(value) for event in told for value in event.attributes.values())


def test_what_is_too_large_after_all_is_not_sent_and_says_what_is_left() -> None:
    compactor, told = make(Limits("m", 2_000, 0.5, 0.9))
    with pytest.raises(Blocked, match="system") as raised:
        compactor.prepare([{"role": "system", "content": LONG * 4}, *as_chat([TASK])])
    assert raised.value.exit_code == 1
    assert check(raised.value.compacted.conversation) == []
    assert "capacity_warning" in names(told)


def test_what_does_not_fit_and_is_below_the_block_is_sent() -> None:
    compactor, _ = make(Limits("m", 10_000, 0.2, 0.9, 1_000))
    done = compactor.prepare([{"role": "system", "content": LONG * 2}, *as_chat([TASK])])
    assert not done.fits
    assert done.action == "compact" or done.tokens > 2_000


def test_a_warning_comes_once_and_again_after_it_was_low() -> None:
    gauge = Gauge()
    shares = [70, 80, 90, 79, 76, 85, 74, 79, 81, 99]
    told = [share for share in shares if gauge.is_worth_telling(Fullness("window", share, 100))]
    assert told == [80, 81]


def test_a_new_period_warns_anew() -> None:
    gauge = Gauge()
    told = [gauge.is_worth_telling(Fullness("day", 90, 100, period)) for period in (1, 1, 2, 2, 1)]
    assert told == [True, False, True, False, True]


def test_tokens_of_a_day_and_of_a_minute_are_added_up_and_a_clock_may_jump() -> None:
    clock = Clock()
    limits = Limits("m", per_day=1_000, per_minute=100, requests_per_minute=2)
    compactor, told = make(limits, clock=clock)
    compactor.flight.answered("m", 90)
    compactor.flight.answered("m", 5)
    assert [event.attributes["limit_type"] for event in told] == ["minute", "requests"]
    assert told[0].attributes["used"] == 90
    told.clear()
    for jump in (61, -500_000, 600_000, -1e12, 1e12):
        clock.now += jump
        compactor.flight.answered("m", 85)
    assert [event.attributes["limit_type"] for event in told] == ["minute"] * 5
    meter = Meter(clock)
    meter.add(7)
    clock.now += 86_400
    assert [each.used for each in meter.fullness(limits)] == [0, 0, 0]


@pytest.mark.parametrize(
    ("tools", "asked", "limits", "max_tokens", "expected"),
    [
        ([], {}, Limits("m"), None, 1_800),
        ([], {}, Limits("m"), 500, 500),
        ([], {}, Limits("m"), 9_000, 1_800),
        ([READ], {}, Limits("m"), None, 1_800),
        ([READ], {}, Limits("m", output={"EXPLANATION": 300, "UNKNOWN": 200}), None, 1_024),
        ([WRITE], {}, Limits("m"), None, None),
        ([READ, WRITE], {}, Limits("m"), 9_000, 9_000),
        ([{"type": "function", "function": {"name": "x"}}], {}, Limits("m"), None, None),
        ([], {"reasoning_effort": "high"}, Limits("m"), None, None),
        ([], {"reasoning_effort": "none"}, Limits("m"), None, 1_800),
        ([], {"thinking": {"type": "enabled"}}, Limits("m"), 700, 700),
        ([], {"thinking": {"type": "disabled"}}, Limits("m"), None, 1_800),
        ([], {}, Limits("m", reasoning=True), None, None),
        ([], {}, Limits("m", max_output=900), None, 900),
        ([], {}, Limits("m", output={"EXPLANATION": 40}, cap_rules="table"), None, 40),
    ],
)
def test_a_cap_lowers_what_was_asked_for_and_cuts_no_arguments(
    tools: list[Any], asked: dict[str, Any], limits: Limits, max_tokens: int | None, expected: int | None
) -> None:
    compactor, _ = make(limits)
    request = {"model": "m", "messages": as_chat([TASK]), "tools": tools}
    assert compactor.prepare(request, max_tokens=max_tokens, asked=asked).max_tokens == expected


def test_after_an_answer_that_ended_at_its_cap_the_next_may_have_twice_as_much() -> None:
    compactor, told = make(Limits("m", max_output=5_000))
    for expected in (1_800, 3_600, 5_000, 5_000):
        done = compactor.prepare(as_chat([TASK]))
        assert done.max_tokens == expected
        compactor.flight.cut_short(done.task, done.max_tokens, "m")
    assert compactor.prepare(as_chat([Said("user", "review this")])).max_tokens == 1_500
    assert [event.attributes["raised_to"] for event in told if event.name == "max_tokens"] == [
        3_600,
        5_000,
        5_000,
        5_000,
    ]


def test_a_model_that_had_too_many_requests_is_left_alone_longer_each_time() -> None:
    clock = Clock()
    compactor, told = make(cooldowns=Cooldowns(clock, clock))
    for number, seconds in enumerate([60, 120, 240, 480, 600, 600], 1):
        compactor.flight.refused("cerebras")
        said = [event for event in told if event.name == "rate_limit"][-1].attributes
        assert (said["consecutive_429s"], said["cooldown_s"]) == (number, seconds)
        with pytest.raises(CoolingDown) as raised:
            compactor.prepare(as_chat([TASK]))
        assert raised.value.seconds == seconds
        clock.now += seconds
        compactor.prepare(as_chat([TASK]))
    compactor.flight.answered("cerebras", 10)
    compactor.flight.refused("cerebras")
    assert told[-1].attributes["consecutive_429s"] == 1


def test_what_was_on_its_way_when_a_model_refused_counts_as_one() -> None:
    """Ten at once, while it is left alone or after; an answer among them ends no row; what the server says holds."""
    clock = Clock()
    compactor, told = make(cooldowns=Cooldowns(clock, clock))
    flight = compactor.flight

    def said() -> tuple[object, object]:
        attributes = [event for event in told if event.name == "rate_limit"][-1].attributes
        return attributes["consecutive_429s"], attributes["cooldown_s"]

    sent = flight.now()
    for _ in range(10):
        flight.refused("cerebras")
        assert said() == (1, 60)
    clock.now += 20
    flight.answered("cerebras", 10, sent=sent)
    flight.refused("cerebras")
    assert said() == (1, 40)
    clock.now += 40
    flight.refused("cerebras", sent=sent)
    assert said() == (1, 0)
    compactor.prepare(as_chat([TASK]))
    flight.refused("cerebras", "30", sent=sent)
    with pytest.raises(CoolingDown):
        compactor.prepare(as_chat([TASK]))
    clock.now += 30
    flight.refused("cerebras", sent=flight.now())
    assert said() == (2, 120)


def test_another_model_stands_in_and_none_that_is_left_alone_too() -> None:
    cooldowns = Cooldowns()
    routes = Routes(failover={"cerebras": "b", "b": "c", "c": "cerebras"})
    compactor, told = make(cooldowns=cooldowns, routes=routes)
    compactor.flight.refused("cerebras", "30")
    assert compactor.prepare(as_chat([TASK])).model == "b"
    assert find(told, "failover")["to_model"] == "b"
    compactor.flight.refused("b", "40")
    assert compactor.prepare(as_chat([TASK])).model == "c"
    compactor.flight.refused("c", "50")
    with pytest.raises(CoolingDown, match="cerebras had too many requests"):
        compactor.prepare(as_chat([TASK]))


def test_without_money_no_waiting_helps() -> None:
    compactor, told = make()
    compactor.flight.refused("cerebras", None, "insufficient_quota")
    assert compactor.prepare(as_chat([TASK])).action == "allow"
    assert "rate_limit" not in names(told)


def test_another_account_of_the_same_model_is_not_left_alone() -> None:
    cooldowns = Cooldowns()
    first, _ = make(cooldowns=cooldowns, account="a")
    second, _ = make(cooldowns=cooldowns, account="b")
    first.flight.refused("cerebras")
    assert second.prepare(as_chat([TASK])).action == "allow"
    with pytest.raises(CoolingDown):
        first.prepare(as_chat([TASK]))


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("5", 5),
        ("1.5", 1.5),
        ("86400", 86_400),
        ("999999999999", 86_400),
        ("1e400", None),
        ("nan", None),
        ("-3", None),
        ("0", None),
        ("", None),
        ("soon", None),
        (None, None),
        ("Mon, 12 Jan 1970 13:46:45 GMT", 5),
        ("Sun, 11 Jan 1970 00:00:00 GMT", None),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400),
    ],
)
def test_a_header_says_seconds_or_a_date_and_is_heeded_for_a_day_at_most(
    value: str | None, seconds: float | None
) -> None:
    assert read_retry_after(value, 1_000_000.0) == seconds


def test_routes_are_told_and_switched_only_where_that_is_switched_on() -> None:
    routes = Routes({"CODING": "glm"}, "mini", 500)
    assert choose_route("CODE_GENERATION", "glm", 9, routes) == ("CODING", "glm", "glm")
    assert not choose_route("CODE_GENERATION", "other", 9, routes).ok
    assert choose_route("TOOL_CALL", "glm", 9, routes).model == "glm"
    switched = routes._replace(switch=True)
    assert choose_route("TOOL_CALL", "glm", 9, switched) == ("TOOL_CALL", "mini", "mini")
    assert choose_route("TOOL_CALL", "glm", 500, switched).model == "glm"


def test_who_takes_events_and_fails_stops_nobody() -> None:
    def fail(_: Event) -> None:
        raise RuntimeError

    compactor = Compactor(CEREBRAS_LIMITS, around=Surroundings(emit=fail, cooldowns=Cooldowns()))
    assert names(compactor.prepare(as_chat([TASK])).events) == ["workload_routing"]


def test_a_request_comes_back_as_a_request() -> None:
    compactor, _ = make(Limits("m", 8_000, 0.5, 0.9))
    request = {"model": "m", "system": "be brief", "messages": as_anthropic([TASK, *steps(9)]), "max_tokens": 99}
    done = compactor.prepare(request, max_tokens=99)
    assert set(done.messages) == set(request)
    assert done.max_tokens == 99
    assert done.tokens <= 4_000
    assert sum(count(json.dumps(each)) for each in done.messages["messages"]) < 6_000


@pytest.mark.parametrize(
    "wrong",
    [
        Limits("m", warn_at=2),
        Limits("m", per_day=-1),
        Limits("m", output={"CODING": 5}),
        Limits("m", output={"REVIEW": 0}),
        Limits("m", max_output=-1),
    ],
)
def test_limits_that_cannot_hold_are_refused(wrong: Limits) -> None:
    with pytest.raises(UsageError):
        Compactor(wrong)


def test_limits_come_from_the_config(tmp_path: Any) -> None:  # noqa: ANN401
    (tmp_path / "loopflow.toml").write_text(
        '[chat.limits."gpt-5*"]\ninput = "400k"\nwarn_at = "50%"\noutput = { TOOL_CALL = 400 }\nper_day = "2M"\n'
        'reasoning = true\ncap_rules = "table"\nmax_output = "8k"\n'
        '[chat.routes]\nCODING = "glm-4.7"\nfailover = { "glm-4.7" = "other" }\n[chat.tasks]\nREVIEW = ["smell"]\n'
    )
    found = limits_for("gpt-5-mini", str(tmp_path), {})
    assert (found.model, found.input, found.warning, found.per_day) == ("gpt-5-mini", 400_000, 200_000, 2_000_000)
    assert (found.output["TOOL_CALL"], found.output["REVIEW"]) == (400, 1_500)
    assert (found.reasoning, found.cap_rules, found.max_output) == (True, "table", 8_000)
    with pytest.raises(UsageError, match="nobody says how much 'unknown' takes"):
        limits_for("unknown", str(tmp_path), {})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('[chat.limits.m]\ninput = "9k"\noutput = { CODING = 3 }', "no such key"),
        ('[chat.limits.m]\ninput = "9k"\ncap_rules = "low"', "cap_rules"),
        ('[chat.limits.m]\ninput = "9k"\nreasoning = 1', "true or false"),
        ('[chat.limits.m]\ninput = "9k"\nwarn_at = "150%"', "warn_at"),
        ("[chat.routes]\nswitch = true", "no simple_model"),
        ('[chat.routes]\nPLAN = "x"', "no such key"),
        ('[chat.tasks]\nREVIEW = ["("]', "no regular expression"),
        ('[chat.tasks]\nREVEIW = ["x"]', "no such key"),
    ],
)
def test_a_wrong_config_is_refused_with_its_place(text: str, why: str, tmp_path: Any) -> None:  # noqa: ANN401
    (tmp_path / "loopflow.toml").write_text(text)
    with pytest.raises(ConfigError, match=why) as raised:
        limits_for("m", str(tmp_path), {})
    assert "loopflow.toml:" in raised.value.message


@pytest.mark.parametrize(
    "parameters",
    [
        {"extra_body": {"thinking": {"type": "enabled"}}},
        {"extra_body": {"reasoning_effort": "high"}},
        {"extra_body": {"enable_thinking": True}},
    ],
)
def test_what_thinks_by_a_parameter_that_the_sdk_does_not_know_is_not_capped(parameters: dict[str, Any]) -> None:
    assert Compactor(LIMITS).prepare(as_chat([TASK]), asked=parameters).max_tokens is None
    off = {"extra_body": {"thinking": {"type": "disabled"}}}
    assert Compactor(LIMITS).prepare(as_chat([TASK]), asked=off).max_tokens == 1_800


def test_who_takes_events_may_ask_and_tell_again() -> None:
    def take(event: Event) -> None:
        if event.name == "workload_routing" and not told:
            told.append(event.name)
            compactor.flight.answered("m", 5)
            compactor.prepare(as_chat([TASK]))

    told: list[str] = []
    compactor = Compactor(LIMITS, around=Surroundings(emit=take))
    assert in_time(lambda: compactor.prepare(as_chat([TASK])))
    assert told == ["workload_routing"]


def test_a_summary_may_be_asked_for_by_the_same_way() -> None:
    compactor = Compactor(LIMITS, summarise=lambda _: compactor.prepare(as_chat([TASK])).task)
    assert in_time(lambda: compactor.prepare(as_chat([TASK, *steps(40)])))
    assert compactor.last is not None
    assert compactor.last.summary == "ok"


def test_an_answer_waits_for_nobodys_summary() -> None:
    asked, answered = Signal(), Signal()

    def summarise(_: object) -> str:
        asked.set()
        return "noted" if answered.wait(20) else ""

    compactor = Compactor(LIMITS, summarise=summarise)
    thread = Thread(target=compactor.prepare, args=(as_chat([TASK, *steps(40)]),), daemon=True)
    thread.start()
    assert asked.wait(20)
    assert in_time(lambda: compactor.flight.answered("m", 5))
    answered.set()
    thread.join(20)
    assert compactor.last is not None
    assert compactor.last.summary == "ok"


def in_time(work: Callable[[], object]) -> bool:
    """Return whether it ends, and does not wait for itself."""
    thread = Thread(target=work, daemon=True)
    thread.start()
    thread.join(15)
    return not thread.is_alive()


def test_what_is_prepared_says_whether_it_was_changed() -> None:
    compactor, large = Compactor(LIMITS), as_chat([TASK, *steps(40)])
    assert [compactor.prepare(each).changed for each in (as_chat([TASK]), large, large)] == [False, True, False]
    compactor.flight.forget()
    assert compactor.prepare(large).changed


@pytest.mark.parametrize("words", [3_350, 3_351])  # a line is two tokens: one of them comes to the limit itself
def test_what_would_be_blocked_by_one_token_is_made_smaller_first(words: int) -> None:
    limits = Limits("m", 4_000, 0.5, 0.9)
    begun = [{"role": "system", "content": "word " * words}, *as_chat([TASK, *steps(1, "first line\n" * 30)])]
    for lines in range(60, 110):
        compactor = Compactor(limits, counts=COUNTS)
        compactor.prepare(begun)
        more = as_chat([Said("call", "{}", "d", "Read"), Said("result", "\n".join(["x"] * lines), "d")])
        assert compactor.prepare([*begun, *more]).tokens < limits.block
