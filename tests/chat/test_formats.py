"""What each format says of a conversation, and that it is written again byte for byte."""

import json
from typing import Any

import pytest

from loopflow.chat import Conversation, compact, read, read_all, write, write_all
from loopflow.errors import LoopflowError
from tests.support.talks import Said, as_anthropic, as_chat, as_claude_code, as_codex, as_pydantic_ai, as_responses

TALK = [
    Said("user", "fix the parser, please, and keep comments as they are"),
    Said("call", '{"command":"pytest -q"}', "a", "Bash"),
    Said("result", "1 failed", "a"),
    Said("assistant", "done"),
]


@pytest.mark.parametrize(
    ("data", "form"),
    [
        (as_chat(TALK), "chat"),
        ({"model": "gpt-5", "messages": as_chat(TALK)}, "chat"),
        ({"system": "be short", "messages": [{"role": "user", "content": "hi"}]}, "anthropic"),
        (as_anthropic(TALK), "anthropic"),
        (as_responses(TALK), "responses"),
        ({"input": "hi", "model": "gpt-5"}, "responses"),
        (as_pydantic_ai(TALK), "pydantic-ai"),
        ([{"role": "user", "content": "hi"}], "chat"),
    ],
)
def test_the_format_is_known_by_what_stands_in_it(data: object, form: str) -> None:
    assert read(data).format == form
    assert read(json.dumps(data).encode()).format == form


@pytest.mark.parametrize(("data", "form"), [(as_claude_code(TALK), "claude-code"), (as_codex(TALK), "codex")])
def test_sessions_are_known_by_their_lines(data: bytes, form: str) -> None:
    assert read(data).format == form


def test_what_could_be_two_formats_is_refused_with_both_names() -> None:
    both = [*as_chat(TALK), *as_anthropic(TALK)]
    with pytest.raises(LoopflowError, match="could be chat and anthropic"):
        read(both)


STRANGE = [
    b'[{"role":"user","content":"a","role":"user"}, {"role":"assistant","content":"b","x":1e400,"y":1E2}]',
    b'[{"role":"user","content":"a","n":' + b"9" * 5000 + b"}]",
    b'\xef\xbb\xbf {"messages" :\n[ {"role":"user","content":"\\ud800"} ] , "model":"m", "messages2":[[1]]}\n',
    b'[{"role":"user","content":[{"type":"text","text":"a"}],"deep":' + b"[" * 100_000 + b"]" * 100_000 + b"}]",
    b'[{"role":"user","content":"\xff\xfe"}]',
    b'{"messages":[{"role":"user","content":[{"type":"new","z":[1,2]},{"type":"text","text":"a"}]}],"t":0.10}',
]


@pytest.mark.parametrize("data", STRANGE, ids=range(len(STRANGE)))
def test_strange_json_is_written_as_the_bytes_that_it_was(data: bytes) -> None:
    assert write(read(data)) == data


@pytest.mark.parametrize("data", STRANGE, ids=range(len(STRANGE)))
def test_strange_messages_stay_what_they_were_beside_one_that_is_changed(data: bytes) -> None:
    conversation = read(data)
    more = read(b'[{"role":"user","content":"more"}]').messages[0]._replace(raw=None, span=None, touched=True)
    written = write(conversation._replace(messages=(*conversation.messages, more)))
    for message in conversation.messages:
        assert message.span is not None
        text = conversation.envelope.document.text[slice(*message.span)]
        assert text.encode("utf-8", "surrogateescape") in written


def test_objects_that_are_not_changed_are_the_same_ones() -> None:
    talk = as_chat([*TALK[:1], Said("result", "of nothing", "zz"), *TALK[1:]])
    done = compact(read(talk), 10_000)
    written = write(done.conversation)
    assert [each for each in written if any(each is old for old in talk)] == written
    assert len(written) == len(talk) - 1


def test_an_unfinished_last_line_is_left_out_and_said() -> None:
    data = as_claude_code(TALK)
    conversation = read(data + b'{"parentUuid":"p3","typ')
    assert any("still being written" in note for note in conversation.notes)
    assert write(conversation) == data + b'{"parentUuid":"p3","typ'


def test_a_broken_line_in_the_middle_is_refused_with_its_number() -> None:
    lines = as_claude_code(TALK).split(b"\n")
    lines[2] = lines[2][:-5]
    with pytest.raises(LoopflowError, match="line 3, column"):
        read(b"\n".join(lines))


BAD: list[tuple[bytes, str]] = [
    (b"", "it is empty"),
    (b"  \n", "it is empty"),
    (b"{", "it is no JSON: expecting property name"),
    (b'[{"role":"user","content":"a"},]', "it is no JSON: expecting value at line 1, column 32"),
    (b"[]", "it has no messages"),
    (b'{"a":1}', "neither messages nor input"),
    (b'{"messages":3}', "its messages are no list"),
    (b"\x00\x01", "it is binary"),
    (b'"text"', "it is no JSON: expecting an object or a list"),
    (b"[1,2]", "message 1 is no object"),
    (b'[{"role":"king","content":"a"}]', "message 1 is none of chat"),
    (b'[{"role":"user","content":"a"}] x', "extra data"),
    (b'{"a":1}\n{"b":2}\n', "its lines are of no format"),
]


@pytest.mark.parametrize(("data", "message"), BAD)
def test_what_is_no_conversation_is_refused_in_words(data: bytes, message: str) -> None:
    with pytest.raises(LoopflowError, match=message):
        read(data)


def test_lines_for_finetuning_are_conversations_each_and_written_as_they_were() -> None:
    data = (
        b'\xef\xbb\xbf{"messages":[{"role":"user","content":"a"}]}\n\n {"messages":[{"role":"user","content":"b"}]}\r\n'
    )
    found = read_all(data)
    assert [each.messages[0].text for each in found] == ["a", "b"]
    assert write_all(found) == data


def session(*lines: dict[str, Any]) -> bytes:
    """Return a session of Claude Code: each line hangs on the one before unless it says otherwise."""
    parent = None
    written = []
    for number, line in enumerate(lines):
        record = {"parentUuid": parent, "sessionId": "s", "uuid": f"u{number}", "isSidechain": False, **line}
        parent = record["uuid"]
        written.append(json.dumps(record))
    return ("\n".join(written) + "\n").encode()


def words(text: str, **more: bool | str) -> dict[str, Any]:
    return {"type": "user", "message": {"role": "user", "content": text}, **more}


def answer(*blocks: dict[str, Any], name: str = "m1", **more: bool | str) -> dict[str, Any]:
    return {"type": "assistant", "message": {"role": "assistant", "id": name, "content": list(blocks)}, **more}


def call(name: str) -> dict[str, Any]:
    return {"type": "tool_use", "id": name, "name": "Bash", "input": {"command": name}}


def result(name: str, **more: bool | str) -> dict[str, Any]:
    block = {"type": "tool_result", "tool_use_id": name, "content": f"of {name}"}
    return {"type": "user", "message": {"role": "user", "content": [block]}, **more}


def test_results_of_parallel_calls_are_found_beside_the_chain() -> None:
    data = session(
        words("go"),
        answer(call("a")),
        answer(call("b")),
        result("a", parentUuid="u1"),  # a branch of its own: the chain goes on from the other
        result("b", parentUuid="u2"),
        answer({"type": "text", "text": "both"}, name="m2"),
    )
    conversation = read(data)
    assert [part.call_id for message in conversation.messages for part in message.results] == ["a", "b"]
    kinds = ["".join(part.kind[0] for part in message.parts) for message in conversation.messages]
    assert kinds == ["t", "c", "c", "r", "r", "t"]


def test_what_stands_before_the_compaction_and_beside_the_talk_is_not_live() -> None:
    boundary = {"type": "system", "subtype": "compact_boundary", "parentUuid": None}
    data = session(
        words("old"),
        boundary,
        words("summary", isCompactSummary=True),
        words("side", isSidechain=True),
        words("<system-reminder>x</system-reminder>", parentUuid="u2"),
        words("new"),
    )
    conversation = read(data)
    assert [message.text for message in conversation.messages if message.authored] == ["new"]
    assert conversation.messages[0].text == "summary"
    assert len(conversation.messages) == 3


def test_a_compacted_session_of_claude_code_is_a_new_one_in_a_chain() -> None:
    done = compact(read(as_claude_code([*TALK, *[Said("user", "more words than there is room for " * 30)] * 3])), 60)
    lines = [json.loads(line) for line in write(done.conversation).decode().splitlines()]
    assert {line["sessionId"] for line in lines} != {"s1"}
    assert [line["parentUuid"] for line in lines] == [None, *[line["uuid"] for line in lines[:-1]]]


def test_codex_goes_on_from_its_new_history() -> None:
    new = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "what counts"}]}
    compacted: dict[str, Any] = {
        "timestamp": "t",
        "type": "compacted",
        "payload": {"message": "s", "replacement_history": [new]},
    }
    data = as_codex(TALK) + json.dumps(compacted).encode() + b"\n"
    assert [message.text for message in read(data).messages] == ["what counts"]
    del compacted["payload"]["replacement_history"]
    rebuilt = read(as_codex(TALK) + json.dumps(compacted).encode() + b"\n")
    assert [message.text for message in rebuilt.messages] == [TALK[0].text, "s"]
    assert "without its new history" in rebuilt.notes[0]


def test_what_surrounds_an_agent_is_nobodys_words() -> None:
    texts = ["<environment_context>\n</environment_context>", "# AGENTS.md instructions for /x", "do it"]
    conversation = read(as_codex([Said("user", text) for text in texts]))
    assert [message.authored for message in conversation.messages] == [False, False, True]


def test_reported_tokens_include_cached_ones() -> None:
    usage = {"input_tokens": 3, "cache_creation_input_tokens": 40, "cache_read_input_tokens": 500, "output_tokens": 9}
    line = answer({"type": "text", "text": "hello"})
    line["message"]["usage"] = usage
    assert read(session(words("hi"), line)).messages[-1].reported == 543


def test_a_previous_response_is_left_alone_and_said() -> None:
    conversation = read({"input": [{"role": "user", "content": "x"}], "previous_response_id": "resp_1"})
    assert conversation.format == "responses"
    assert "the server keeps" in conversation.notes[0]


def test_a_demand_to_try_again_answers_the_call_that_it_names() -> None:
    history = as_pydantic_ai(TALK[:2])
    retry = {"part_kind": "retry-prompt", "tool_name": "Bash", "tool_call_id": "a", "content": "no such flag"}
    history.append({"kind": "request", "parts": [retry], "instructions": "be short"})
    conversation = read(history)
    assert [part.is_error for message in conversation.messages for part in message.results] == [True]
    assert [part.text for part in conversation.system] == ["be short"]


def test_legacy_calls_are_paired_by_name() -> None:
    talk = [
        {"role": "user", "content": "weather?"},
        {"role": "assistant", "content": None, "function_call": {"name": "weather", "arguments": "{}"}},
        {"role": "function", "name": "weather", "content": "sun"},
    ]
    conversation = read(talk)
    assert conversation.messages[1].calls[0].call_id == conversation.messages[2].results[0].call_id
    assert write(compact(conversation, 1000).conversation) == talk


def test_a_large_session_is_read_without_its_bulk() -> None:
    bulky = json.dumps({"type": "progress", "uuid": "p", "sessionId": "s", "data": {"x": "y" * 1000}}).encode() + b"\n"
    conversation: Conversation = read(bulky * 50 + as_claude_code(TALK))
    assert conversation.envelope.lines.lines[0].value == {"type": "progress", "uuid": "p", "sessionId": "s"}
