"""Repeated calls of a tool, answered from memory where that was asked for."""

import asyncio
from collections.abc import Callable, Iterator

import pytest

from loopflow.chat.repeats import Repeats


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def make() -> tuple[Repeats, Clock, list[str]]:
    clock = Clock()
    return Repeats(clock), clock, []


def test_the_same_arguments_are_answered_once() -> None:
    repeats, clock, asked = make()

    def read_file(path: str, limit: int = 9) -> str:
        asked.append(path)
        return f"{path} {limit} {len(asked)}"

    read = repeats.cached(read_file, ttl=10)
    assert read("a") == read("a") == "a 9 1"
    assert read("b") == "b 9 2"
    assert read("a", limit=1) == "a 1 3"
    clock.now = 10
    assert read("a") == "a 9 4"
    assert read.__name__ == "read_file"


def test_a_tool_that_changes_something_ends_what_others_remember() -> None:
    repeats, _, asked = make()

    def read_file(path: str) -> int:
        asked.append(path)
        return len(asked)

    def edit_file() -> None:
        raise OSError("no")

    read, edit = repeats.cached(read_file), repeats.watch(edit_file)

    def list_files() -> int:
        asked.append("")
        return len(asked)

    search = repeats.cached(list_files, ends_on=())
    assert (read("a"), search(), read("a"), search()) == (1, 2, 1, 2)
    with pytest.raises(OSError, match="no"):
        edit()
    assert (read("a"), search()) == (3, 2)


def test_what_is_raised_and_what_is_no_plain_data_is_not_remembered() -> None:
    repeats, _, asked = make()

    def look(what: object) -> int:
        asked.append("")
        if what == "fail":
            raise ValueError("no")
        return len(asked)

    cached = repeats.cached(look)
    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            cached("fail")
    assert cached(object()) == 3
    assert cached(object()) == 4


def test_a_tool_that_changes_something_is_never_cached() -> None:
    repeats, _, _ = make()

    def write() -> None:
        """Do nothing."""

    assert repeats.cached(write, read_only=False) is write


def test_coroutines_are_remembered_by_what_they_return() -> None:
    repeats, _, asked = make()

    async def fetch(url: str) -> int:
        asked.append(url)
        return len(asked)

    async def run_shell() -> None:
        """Do nothing."""

    async def main() -> list[int]:
        cached, shell = repeats.cached(fetch), repeats.watch(run_shell)
        first = [await cached("u"), await cached("u")]
        await shell()
        return [*first, await cached("u")]

    assert asyncio.run(main()) == [1, 1, 2]


def test_tools_of_one_name_do_not_answer_for_each_other() -> None:
    repeats, _, _ = make()

    def make_look(answer: str) -> Callable[[str], str]:
        def look(_path: str) -> str:
            return answer

        return repeats.cached(look)

    first, second = make_look("first"), make_look("second")
    assert (first("a"), second("a"), first("a")) == ("first", "second", "first")


def test_what_was_asked_before_a_change_is_not_remembered_after_it() -> None:
    repeats, _, calls = make()

    def read_file() -> str:
        calls.append("read")
        repeats.called("Edit")  # by another thread, while this one reads
        return f"read {len(calls)}"

    read = repeats.cached(read_file, ends_on=("Edit",))
    assert (read(), read()) == ("read 1", "read 2")


def test_what_can_be_read_only_once_is_not_remembered() -> None:
    repeats, _, _ = make()

    def lines(path: str) -> Iterator[str]:
        yield path

    read = repeats.cached(lines)
    assert [list(read("a")), list(read("a"))] == [["a"], ["a"]]


def test_objects_that_are_called_may_be_asynchronous() -> None:
    repeats, _, asked = make()

    class Fetch:
        async def __call__(self, url: str) -> int:
            asked.append(url)
            return len(asked)

    async def main() -> list[int]:
        cached, changing = repeats.cached(Fetch(), ends_on=("fetch",)), repeats.watch(Fetch())
        return [await cached("u"), await cached("u"), await changing("u"), await cached("u")]

    assert asyncio.run(main()) == [1, 1, 2, 3]


def test_arguments_that_json_takes_for_others_are_told_apart() -> None:
    repeats, _, _ = make()

    def look(what: object) -> str:
        return repr(what)

    cached = repeats.cached(look)
    for what in ({1: "a"}, {"1": "a"}, (1, 2), [1, 2]):
        assert cached(what) == repr(what)
