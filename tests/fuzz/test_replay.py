"""The fuzz targets hold for what the fuzzer begins with, and for bytes by chance: no fuzzer is needed for that."""

import importlib
import random
from collections.abc import Callable

import pytest

from fuzz.draw import Draw
from fuzz.seeds import TARGETS, read_seeds

_BY_CHANCE = 40
_EVERY = {"renderers": 4}  # one of so many seeds: they take longest
_SIZES = (0, 5, 60, 500)


def check_of(target: str) -> Callable[[bytes], None]:
    """Return what a target checks its input with."""
    check: Callable[[bytes], None] = importlib.import_module(f"fuzz.{target}").check
    return check


@pytest.mark.parametrize("target", TARGETS)
def test_seeds_hold(target: str) -> None:
    """No input that the fuzzer once found worth keeping breaks what a target promises."""
    seeds = read_seeds(target)[:: _EVERY.get(target, 1)]
    assert len(seeds) >= 20
    for seed in seeds:
        check_of(target)(seed)


@pytest.mark.parametrize("target", TARGETS)
def test_bytes_by_chance_hold(target: str) -> None:
    """Nor do bytes without any sense, the same ones each time."""
    chance = random.Random(target)  # noqa: S311
    for _ in range(_BY_CHANCE // _EVERY.get(target, 1)):
        check_of(target)(chance.randbytes(chance.choice(_SIZES)))


def test_choices_end_with_the_bytes() -> None:
    """When there is nothing left to choose with, every choice is the first one, and a path is a path all the same."""
    draw = Draw(b"\x02")
    assert draw.pick("abc") == "c"
    assert (draw.left, draw.number(1000), draw.pick("abc"), draw.yes(), draw.path()) == (0, 0, "a", False, "empty")


def test_a_path_is_one_that_git_would_write() -> None:
    """Whatever the bytes, no part of a path is empty, `.`, `..` or `.git`, and there is no NUL in it."""
    chance = random.Random(2)  # noqa: S311
    for _ in range(2000):
        path = Draw(chance.randbytes(30)).path()
        assert "\0" not in path
        assert not {"", ".", "..", ".git"} & set(path.lower().split("/"))
