"""Agents of pydantic-ai whose history is brought within limits, with a model that is a function."""

from typing import Any

import pytest

from loopflow.chat import Blocked, Limits, check, history_processor, read

pydantic_ai = pytest.importorskip("pydantic_ai")
pytestmark = pytest.mark.server  # importing it takes seconds

CALLS = 12


def run(process: Any) -> tuple[Any, list[list[Any]]]:  # noqa: ANN401  its own types
    """Return the result of an agent that reads many files, and the lists that its model was given."""
    from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart  # noqa: PLC0415
    from pydantic_ai.models.function import FunctionModel  # noqa: PLC0415

    given: list[list[Any]] = []

    def answer(messages: list[Any], _: Any) -> ModelResponse:  # noqa: ANN401
        given.append(list(messages))
        number = len(given)
        if number > CALLS:
            return ModelResponse(parts=[TextPart("done")])
        return ModelResponse(parts=[ToolCallPart("read_file", {"path": f"f{number}.py"}, tool_call_id=f"c{number}")])

    agent = _plug_in(pydantic_ai, FunctionModel(answer), process)

    def read_file(path: str) -> str:
        """Read a file."""
        return "\n".join(f"def f{n}(): return {n}  # {path}" for n in range(120))

    agent.tool_plain(read_file)
    return agent.run_sync("fix the parser in a.py so that it keeps comments"), given


def _plug_in(package: Any, model: Any, process: Any) -> Any:  # noqa: ANN401
    """Return an agent: since 2.0 a processor is a capability, before it was an argument."""
    if int(package.__version__.split(".")[0]) < 2:
        return package.Agent(model, history_processors=[process])
    from pydantic_ai.capabilities import ProcessHistory  # noqa: PLC0415

    return package.Agent(model, capabilities=[ProcessHistory(process)])


def test_no_list_that_is_sent_is_above_the_limit_and_all_are_valid() -> None:
    archived: list[list[Any]] = []
    done, given = run(history_processor(Limits("m", 8_000, 0.5, 0.9), archive=archived.append))
    assert done.output == "done"
    assert len(given) == CALLS + 1
    for messages in given:
        talk = read(messages, "pydantic-ai")
        assert check(talk) == []
        assert any("keeps comments" in message.text for message in talk.messages)
    assert max(map(len, given)) < 2 * CALLS
    assert archived


def test_the_archive_has_what_the_agent_lost() -> None:
    archived: list[list[Any]] = []
    done, _ = run(history_processor(Limits("m", 8_000, 0.5, 0.9), archive=archived.append))
    kept = {
        part.tool_call_id
        for message in done.all_messages()
        for part in message.parts
        if part.part_kind == "tool-return"
    }
    seen = {
        part.tool_call_id
        for messages in archived
        for message in messages
        for part in message.parts
        if part.part_kind == "tool-return"
    }
    assert kept | seen == {f"c{number}" for number in range(1, CALLS + 1)}
    assert kept != kept | seen


def test_where_all_fits_nothing_is_archived_and_the_objects_are_the_same() -> None:
    archived: list[list[Any]] = []
    done, given = run(history_processor(Limits("m", 200_000), archive=archived.append))
    assert archived == []
    assert len(done.all_messages()) == 2 * CALLS + 2
    assert given[-1][0] is done.all_messages()[0] or given[-1][0] == done.all_messages()[0]


def test_what_is_too_large_after_all_stops_the_agent() -> None:
    with pytest.raises(Blocked):
        run(history_processor(Limits("m", 30, 0.5, 0.9)))


def test_a_list_that_could_not_be_archived_is_archived_when_it_comes_again() -> None:
    archived: list[int] = []

    def archive(messages: list[Any]) -> None:
        archived.append(len(messages))
        if len(archived) == 1:
            raise OSError("the disk is full")

    text = "\n".join(f"def f{n}(): return {n}" for n in range(300))
    given: list[Any] = [
        {"kind": "request", "parts": [{"part_kind": "user-prompt", "content": "fix the parser in a.py"}]}
    ]
    for at in range(CALLS):
        call = {"part_kind": "tool-call", "tool_name": "Read", "args": {"path": f"{at}"}, "tool_call_id": f"c{at}"}
        result = {"part_kind": "tool-return", "tool_name": "Read", "content": text, "tool_call_id": f"c{at}"}
        given += [{"kind": "response", "parts": [call]}, {"kind": "request", "parts": [result]}]
    process = history_processor(Limits("m", 8_000, 0.5, 0.9), archive=archive)
    with pytest.raises(OSError, match="full"):
        process(given)
    assert len(process(given)) < len(given)
    assert archived == [len(given)] * 2
