"""Presets and profiles: what they say, what goes before it, and what becomes of a digest."""

import io
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.logs.custom_profiles import CustomProfile
from loopflow.logs.gathering import Input
from loopflow.logs.model import Digest, LogRequest, OwnPattern, Priority, Shape
from loopflow.logs.presets import PRESETS, combine
from loopflow.logs.profiles import choose_profile
from loopflow.logs.running import reduce_logs
from loopflow.logs.settings import LogSettings, make_request
from tests.logs.test_components import LINES
from tests.support.reducing import count, counter

NOISE = [f"GET /item/{number} of the shop" for number in range(3_000)]
LONG = [
    "Traceback (most recent call last):",
    *(f'  File "a.py", line {at}, in f{at}' for at in range(60)),
    "OSError: no",
]


def reduce(lines: list[str], settings: LogSettings) -> Digest:
    """Return the digest of lines."""
    data = "".join(f"{line}\n" for line in lines).encode()
    return reduce_logs([Input("a.log", "", io.BytesIO(data))], make_request(settings), counter())


def preset(name: str, **settings: Any) -> LogSettings:  # noqa: ANN401  any setting
    """Return the settings of a preset, and others beside it."""
    return LogSettings(**combine([{"preset": name, **settings}]))


@given(st.lists(st.dictionaries(st.sampled_from(["fit", "buffer", "workers"]), st.integers(1, 9)), max_size=4))
def test_later_layers_go_before(layers: list[dict[str, int]]) -> None:
    """Without a preset each key is what the last of them says."""
    expected: dict[str, int] = {}
    for layer in layers:
        expected |= layer
    assert combine(layers) == expected


@pytest.mark.parametrize(
    ("layers", "fit"),
    [
        ([{"preset": "monitoring"}], 2_000),
        ([{"preset": "monitoring", "fit": 9}], 9),
        ([{"fit": 9}, {"preset": "monitoring"}], 2_000),
        ([{"preset": "monitoring"}, {"fit": 9}], 9),
        ([{"fit": 9}, {"preset": "monitoring"}, {"fit": 7}], 7),
        ([{"preset": "monitoring"}, {"preset": "ci-integration"}], 8_000),
    ],
)
def test_a_preset_goes_right_before_the_layer_that_names_it(layers: list[Mapping[str, Any]], fit: int) -> None:
    """And an earlier one says nothing then."""
    assert combine(layers)["fit"] == fit
    assert "fit" not in combine([*layers[:-1], {"preset": "balanced"}]) or "fit" in layers[0]


def test_every_preset_names_settings_that_there_are() -> None:
    """Of the config, and of profiles, which it changes."""
    for each in PRESETS.values():
        request = make_request(preset(each.name))
        assert (request.preset, request.fit) == (each.name, each.settings.get("fit", 76_659))
        profile = choose_profile(request, "a.log", b"", b"")
        assert {name: getattr(profile, name) for name, _ in each.shares} == dict(each.shares)


def test_traces_come_first_where_that_is_asked_for() -> None:
    """Whole, before others are shortened only."""
    lines = [*NOISE, *LINES, *LONG, *NOISE]
    shapes = {
        name: [
            each.shape for each in reduce(lines, preset(name, fit=2_500)).outcomes if len(each.failure.block.lines) > 40
        ]
        for name in ("balanced", "test-debugging")
    }
    assert shapes["test-debugging"].count(Shape.FULL) >= shapes["balanced"].count(Shape.FULL)


def test_the_end_is_shorter_for_whoever_debugs_tests() -> None:
    """A fifth of all, and what no failure fits into any more."""
    lines = [*NOISE, *LINES * 2, *NOISE]

    def end(name: str) -> int:
        digest = reduce(lines, preset(name, fit=3_000))
        return sum(each.used for each in digest.components if each.component == "end")

    assert end("test-debugging") < 900 < end("balanced")


def test_the_most_compression_keeps_what_matters() -> None:
    """Every critical failure, in shape or in short; kinds of lines and the end; a tenth of the log at most."""
    lines = [*NOISE, "warning: old", *LONG, *NOISE, "error: disk full", "bye"]
    digest = reduce(lines, preset("max-compression"))
    assert digest.critical_missing == 0
    assert digest.tokens_before is not None
    assert digest.tokens_after <= digest.tokens_before // 10
    assert digest.tokens_after < 2_000
    assert "warning: old" not in digest.text
    assert "[also: 6,000 x" in digest.text
    assert digest.text.endswith("bye\n")
    assert {each.shape for each in digest.outcomes if each.failure.block.kind == "OSError"} == {Shape.TRIMMED}


def test_a_tiny_log_is_no_reason_to_fail() -> None:
    """Where nothing can be said in so few tokens, the log is printed."""
    assert reduce(["one", "two"], preset("max-compression")).text == "one\ntwo\n"


@pytest.mark.parametrize("percent", [0, 10, 50, 90, 99])
def test_so_much_goes_even_where_there_is_room(percent: int) -> None:
    """At least, and a log that would fit is not printed whole then."""
    digest = reduce([*NOISE, *LONG], LogSettings(fit=200_000, min_compression=percent))
    assert digest.tokens_before is not None
    assert count(digest.text) == digest.tokens_after <= digest.tokens_before * (100 - percent) // 100
    assert digest.is_whole == (percent == 0)
    assert digest.critical_missing == 0


def test_a_digest_that_is_not_adaptive_does_not_grow_with_its_room() -> None:
    """It is the same in any budget that is enough, but for the numbers in its first line."""
    lines = [*NOISE, *LINES, *NOISE]
    texts = [reduce(lines, LogSettings(fit=fit, adaptive=False)).text.partition("\n")[2] for fit in (30_000, 60_000)]
    assert texts[0] == texts[1]
    assert count(texts[0]) < 15_000
    assert count(reduce(lines, LogSettings(fit=60_000)).text) > 40_000


def test_a_custom_profile_says_what_its_base_does_not() -> None:
    """And a base that is not named is what the log looks like; its patterns and drops come with it."""
    mine = CustomProfile("mine", "", (("summary_size", 0.1),), (OwnPattern(Priority.HIGH, "x"),), ("y",))
    request = make_request(LogSettings(custom_profile=mine, profile="mine", drop=("z",)))
    assert (request.patterns, request.drop) == ((OwnPattern(Priority.HIGH, "x"),), ("z", "y"))
    for log, retention in ((b"", 0.5), (b"Ran 3 tests\n", 0.8)):
        profile = choose_profile(request, "a.log", log, b"")
        assert (profile.name, profile.error_retention, profile.summary_size) == ("mine", retention, 0.1)
    based = make_request(LogSettings(custom_profile=replace(mine, base="error"), profile="mine"))
    assert choose_profile(based, "a.log", b"", b"").error_retention == 0.9


def test_numbers_of_a_custom_profile_go_before_those_of_a_preset() -> None:
    """The preset's others hold, and its profile is the base if none is named."""
    mine = CustomProfile("mine", shares=(("end_share", 0.5),))
    request = make_request(preset("test-debugging", custom_profile=mine, profile="mine"))
    profile = choose_profile(request, "a.log", b"", b"")
    assert (profile.end_share, profile.test_result_detail, profile.error_retention) == (0.5, 1.0, 0.8)


def test_another_profile_is_another() -> None:
    """A custom one that is there, and not asked for, says nothing."""
    mine = CustomProfile("mine", "error", (("end_share", 0.5),), (OwnPattern(Priority.HIGH, "x"),))
    asked = LogRequest(76_659, log_type="test", workers=0)
    assert make_request(LogSettings(custom_profile=mine, profile="test")) == asked
