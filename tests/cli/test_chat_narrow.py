"""The command `loopflow chat narrow`, and what it is for an agent whose hook it is."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from loopflow.cli.chat import chat
from loopflow.cli.narrow_actions import CONFIG_FILES
from loopflow.config import resolve
from loopflow.tokens import count
from tests.support.hooked import as_bytes, make_event, make_responses
from tests.support.run import Result, run

SECRETS = {
    "AKIAQ3EGRT6WPLMNBV4Z": "aws-key",
    "ghp_Zk3vTq9LmXc7RbYd2NwPj5HsFg8UeA1iBoKr": "github-token",
    "sk-ant-api03-"
    "Ab3dEf6hIj9kLm2nOp5qRs8tUv1wXy4zAb3dEf6hIj9kLm2nOp5qRs8tUv1wXy4zAb3dEf6hIj9kLm2nOp5qRs8tUv1AA": "anthropic",
}
LONG = "\n".join(
    [
        *(f"tests/test_m{n}.py::test_widths_of_shelf PASSED" for n in range(700)),
        "E       AssertionError: no shelf is this wide",
        "tests/test_shelf.py:8: AssertionError",
        *(f"tests/test_n{n}.py::test_widths_of_shelf PASSED" for n in range(700)),
        "1 failed, 1400 passed in 3.20s",
    ]
)
NEVER = ("Edit", "Write", "TodoWrite", "Read a picture", "mcp picture")


def narrow(here: Path, *arguments: str, stdin: bytes = b"") -> Result:
    env = {"HOME": str(here), "LOOPFLOW_CACHE_DIR": str(here / "cache"), "LOOPFLOW_CONFIG": ""}
    return run("narrow", *arguments, cwd=here, env=env, stdin=stdin, command=chat)


def ask(here: Path, event: Any) -> Any:  # noqa: ANN401
    """Return the output that a hook answers an event with, None where it says nothing."""
    done = narrow(here, "--hook", "claude-code", stdin=as_bytes(event))
    assert (done.code, done.err) == (0, "")
    if not done.out:
        return None
    said = json.loads(done.out)
    assert list(said) == ["hookSpecificOutput"]
    assert said["hookSpecificOutput"]["hookEventName"] == "PostToolUse"
    return said["hookSpecificOutput"]["updatedToolOutput"]


def shape(value: Any) -> Any:  # noqa: ANN401
    """Return the keys and types of a value, and everything in it that is no text."""
    if isinstance(value, dict):
        return {key: shape(each) for key, each in value.items()}
    if isinstance(value, list):
        return [shape(each) for each in value]
    return str if isinstance(value, str) else value


def texts(value: Any) -> list[str]:  # noqa: ANN401
    if isinstance(value, dict):
        return [text for each in value.values() for text in texts(each)]
    if isinstance(value, list):
        return [text for each in value for text in texts(each)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize("name", make_responses(""))
def test_an_output_keeps_its_keys_and_types_and_loses_its_length(name: str, tmp_path: Path) -> None:
    tool, response, given = make_responses(LONG)[name]
    said = ask(tmp_path, make_event(tool, response, **given))
    if name in NEVER:
        assert said is None
        return
    assert shape(said) == shape(response)
    assert sum(map(count, filter(None, texts(said)))) <= 4_600  # of a shell's errors half as much as of its output


@pytest.mark.parametrize("name", ["Bash", "Task", "mcp", "mcp text", "unknown"])
def test_the_line_of_a_failure_is_kept_though_the_command_ended_well(name: str, tmp_path: Path) -> None:
    tool, response, given = make_responses(LONG)[name]
    said = ask(tmp_path, make_event(tool, response, **given))
    assert any("AssertionError: no shelf is this wide" in text for text in texts(said))


@pytest.mark.parametrize("name", make_responses(""))
def test_no_secret_is_in_any_field_of_any_tool(name: str, tmp_path: Path) -> None:
    secret = "\n".join(SECRETS)
    for text in (secret, f"{secret}\n{LONG}\n{secret}"):
        tool, response, given = make_responses(text)[name]
        said = ask(tmp_path, make_event(tool, response, **given))
        if "picture" in name:
            assert said is None
            continue
        assert shape(said) == shape(response)
        assert not [each for each in SECRETS if each in json.dumps(said)]


@pytest.mark.parametrize(
    "name", ["Bash", "Grep", "Grep names", "Glob", "WebFetch", "Task", "mcp", "mcp text", "unknown"]
)
def test_all_of_it_is_kept_in_a_file_of_ones_own_that_is_named(name: str, tmp_path: Path) -> None:
    tool, response, given = make_responses(LONG)[name]
    said = "\n".join(texts(ask(tmp_path, make_event(tool, response, **given))))
    [kept] = (tmp_path / "cache/outputs").iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert kept.read_text() == LONG
    assert f"all of it: {kept} ...]" in said


def test_a_file_that_is_read_says_where_to_read_on_and_is_not_kept_again(tmp_path: Path) -> None:
    tool, response, given = make_responses(LONG)["Read"]
    said = ask(tmp_path, make_event(tool, response, **given))
    *kept, mark = said["file"]["content"].split("\n")
    first = 301 + len(kept)
    assert kept == LONG.split("\n")[: len(kept)]
    assert mark == f"[... lines {first}-{300 + LONG.count(chr(10)) + 1} left out: read with offset={first} ...]"
    assert not (tmp_path / "cache/outputs").exists()


@pytest.mark.parametrize("tool", ["Read", "Bash"])
def test_what_is_kept_is_not_kept_again_when_it_is_read(tool: str, tmp_path: Path) -> None:
    kept = tmp_path / "cache/outputs/0123456789.txt"
    kept.parent.mkdir(parents=True)
    kept.write_text(LONG)
    given = {"file_path": str(kept)} if tool == "Read" else {"command": f"cat {kept}"}
    secret = next(iter(SECRETS))
    _, response, _ = make_responses(f"{secret}\n{LONG}")[tool]
    said = ask(tmp_path, make_event(tool, response, **given))
    assert secret not in json.dumps(said)
    assert os.listdir(kept.parent) == [kept.name]
    assert "left out" in json.dumps(said)


def test_what_is_short_is_left_alone(tmp_path: Path) -> None:
    for tool, response, given in make_responses("all is well\n").values():
        assert ask(tmp_path, make_event(tool, response, **given)) is None
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "it is no JSON"),
        (b"not json", "it is no JSON"),
        (b'{"tool_name": "Bash", "tool_response"', "it is no JSON"),
        (b"\xff\xfe\x00", "it is no JSON"),
        (b"[" * 100_000, "it is no JSON"),
        (b"[1, 2]", "it is no event of a tool that was used"),
        (b"null", "it is no event of a tool that was used"),
        (b'{"tool_name": "Bash"}', "it is no event of a tool that was used"),
        (b'{"tool_name": "Bash", "tool_response": {"a": ' + b"9" * 5_000 + b"}}", "it is no JSON"),
        (
            b'{"tool_name": "Bash", "tool_response": {"a": 1e999, "b": "AKIAQ3EGRT6WPLMNBV4Z"}}',
            "a number in it is none",
        ),
        (b'{"tool_name": "Bash", "tool_response": "' + b"x " * 33_000_000 + b'"}', "it has more than 64,000,000 bytes"),
    ],
    ids=range(11),
)
def test_a_hook_that_cannot_read_its_event_changes_nothing_and_ends_well(data: bytes, why: str, tmp_path: Path) -> None:
    done = narrow(tmp_path, "--hook", "claude-code", stdin=data)
    assert (done.code, done.out, done.err.count("\n")) == (0, "", 1)
    assert why in done.err


@pytest.mark.parametrize(
    "event",
    [
        {"tool_name": 3, "tool_response": LONG},
        {"tool_name": "Bash", "tool_response": None},
        {"tool_name": "Bash", "tool_response": 7},
        {"tool_name": "Bash", "tool_response": []},
        {"tool_name": "Bash", "tool_response": {"stdout": None, "stderr": 1}},
        {"tool_name": "Read", "tool_response": {"file": {"content": 3}}},
        {"tool_name": "Read", "tool_response": {"file": None}, "tool_input": []},
        {"tool_name": "Bash", "tool_response": LONG, "hook_event_name": "PreToolUse"},
    ],
)
def test_another_shape_is_left_alone(event: Any, tmp_path: Path) -> None:  # noqa: ANN401
    assert ask(tmp_path, event) is None


@pytest.mark.parametrize(
    "arguments",
    [
        ("--limt", "3"),
        ("--limit", "3"),
        ("out.txt",),
        ("--tool", "Bash"),
        ("--config", "missing.toml"),
        ("--encoding", "unknown"),
    ],
)
def test_a_hook_that_is_set_up_wrongly_stops_no_agent(arguments: tuple[str, ...], tmp_path: Path) -> None:
    event = make_event("Bash", make_responses(LONG)["Bash"][1])
    done = narrow(tmp_path, "--hook", "claude-code", *arguments, stdin=as_bytes(event))
    assert (done.code, done.out, done.err.count("\n")) == (0, "", 1)


def test_a_hook_whose_answer_cannot_be_written_ends_well(tmp_path: Path) -> None:
    start = "from loopflow.cli.chat import chat; from loopflow.console.command import run_process; run_process(chat)"
    given = as_bytes(make_event("Bash", make_responses(LONG)["Bash"][1]))
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", start, "narrow", "--hook", "claude-code", "--no-keep"],
            input=given,
            stdout=full,
            stderr=subprocess.PIPE,
            cwd=tmp_path,
            check=False,
        )
    assert (done.returncode, done.stderr.count(b"\n")) == (0, 1)


def test_a_config_that_is_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "loopflow.toml")
    assert ask(tmp_path, make_event("Bash", make_responses(LONG)["Bash"][1])) is not None


@pytest.mark.parametrize("path", ["a\0b", "a\ud800b"])
def test_a_path_that_no_file_can_have_is_none_of_ours(path: str, tmp_path: Path) -> None:
    tool, response, _ = make_responses(LONG)["Read"]
    assert ask(tmp_path, make_event(tool, response, file_path=path)) is not None


KEY = [
    "-----BEGIN RSA PRIVATE KEY-----",
    *(f"MIIEpAIBAAKCAQEA{c * 48}" for c in "abcd"),
    "-----END RSA PRIVATE KEY-----",
]


@pytest.mark.parametrize(
    ("tool", "response"),
    [
        ("Edit", {"structuredPatch": [{"lines": KEY}]}),
        ("Glob", {"filenames": KEY * 200}),
        ("mcp__a__b", [{"type": "text", "text": line} for line in KEY]),
        ("mcp__a__b", [{"type": "text", "text": f"{line}\n{LONG}"} for line in KEY]),
    ],
    ids=range(4),
)
def test_a_key_whose_lines_are_texts_of_their_own_is_hidden(tool: str, response: Any, tmp_path: Path) -> None:  # noqa: ANN401
    said = ask(tmp_path, make_event(tool, response))
    assert shape(said) == shape(response)
    assert "MIIEpAIBAAKCAQEA" not in json.dumps(said)


def test_secrets_in_keys_are_hidden_and_each_entry_stays_where_it_was(tmp_path: Path) -> None:
    """However deep, with one that is called so already; what has no such key keeps all of them."""
    first, second, *_ = [each for each in SECRETS if each.startswith("AKIA")] + [f"AKIA{'Q7W3E5R2' * 2}"]
    mark = "[redacted:aws-key]"
    assert first != second
    users = {first: 1, "b": {"name": "x"}, f"{mark} (2)": 3, second: [{second: "text"}], first[::-1]: None}
    said = ask(tmp_path, make_event("mcp__a__b", {"content": [], "users": users}))
    hidden = {mark: 1, "b": {"name": "x"}, f"{mark} (2)": 3, f"{mark} (3)": [{mark: "text"}], first[::-1]: None}
    assert said == {"content": [], "users": hidden}
    assert list(said["users"]) == list(hidden)
    assert ask(tmp_path, make_event("mcp__a__b", {"content": [], "users": hidden})) is None


def test_many_small_texts_are_left_out_and_single_words_stay(tmp_path: Path) -> None:
    rows = [{"type": "text", "text": f"row {n} " + "of words " * 20} for n in range(2_000)]
    said = ask(tmp_path, make_event("mcp__a__b", rows))
    assert shape(said) == shape(rows)
    assert {row["type"] for row in said} == {"text"}
    kept = [row["text"] for row in said if row["text"]]
    assert kept[:-1] == [row["text"] for row in rows[: len(kept) - 1]]
    [whole] = (tmp_path / "cache/outputs").iterdir()
    assert kept[-1] == f"[... {2_001 - len(kept):,} texts left out; all of it: {whole} ...]"
    assert rows[-1]["text"] in whole.read_text()
    assert count("\n".join(kept)) <= 2_500


def test_a_config_says_what_tools_may_take_and_whether_outputs_are_kept(tmp_path: Path) -> None:
    assert CONFIG_FILES == resolve.CONFIG_FILES
    (tmp_path / "loopflow.toml").write_text('[chat]\nkeep = false\n[chat.tools."mcp__*"]\ntokens = 200\n')
    tool, response, given = make_responses(LONG)["mcp"]
    said = ask(tmp_path, make_event(tool, response, **given))
    assert count(said[0]["text"]) <= 200
    assert not (tmp_path / "cache").exists()
    (tmp_path / "loopflow.toml").write_text("[chat.tools.Bash]\nlinse = 3\n")
    done = narrow(tmp_path, "--hook", "claude-code", stdin=as_bytes(make_event(tool, response)))
    assert (done.code, done.out) == (0, "")
    assert "there is no such key; did you mean lines?" in done.err


def test_a_surrogate_that_has_no_other_half_goes_through(tmp_path: Path) -> None:
    said = ask(tmp_path, make_event("Bash", {"stdout": "\ud800 " + next(iter(SECRETS)), "stderr": ""}))
    assert said == {"stdout": "\ud800 [redacted:aws-key]", "stderr": ""}


def test_standard_input_is_narrowed_and_how_is_said(tmp_path: Path) -> None:
    done = narrow(tmp_path, "--tool", "shell", "--limit", "1k", stdin=LONG.encode())
    [kept] = (tmp_path / "cache/outputs").iterdir()
    assert done.code == 0
    assert "AssertionError: no shelf is this wide" in done.out
    assert count(done.out) <= 1_000
    assert done.err.endswith(f"tokens: summarized, by smart-summary; all of it is in {kept}\n")
    assert narrow(tmp_path, "-", "-q", stdin=b"short") == Result(0, "short", "")


def test_a_file_is_narrowed_as_its_tool_wants_it_and_written_to_another(tmp_path: Path) -> None:
    (tmp_path / "narrow").write_text(LONG)
    done = narrow(tmp_path, "./narrow", "--tool", "Read", "--no-keep", "-o", "less.txt", "-q")
    assert (done.code, done.out, done.err) == (0, "", "")
    assert (tmp_path / "less.txt").read_text().startswith(LONG[:4_000])
    assert not (tmp_path / "cache").exists()
    failed = narrow(tmp_path, "./narrow", "--exit-code", "1", "--no-keep")
    assert failed.out.endswith("[exit code 1]")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("missing.txt",), "missing.txt cannot be read: no such file or directory"),
        (("out.txt", "-o", "out.txt"), "-o out.txt is the output itself"),
        (("out.txt", "--limit", "many"), "--limit"),
        (("out.txt", "--mode", "other"), "--mode"),
        (("out.txt", "--hook", "other"), "--hook"),
        ((".",), "cannot be read: is a directory"),
    ],
)
def test_a_wrong_request_ends_with_two(arguments: tuple[str, ...], why: str, tmp_path: Path) -> None:
    (tmp_path / "out.txt").write_text(LONG)
    done = narrow(tmp_path, *arguments)
    if "--hook" in arguments:  # to an agent that is one line, and nothing else
        assert (done.code, done.out) == (0, "")
    else:
        assert done.code == 2
    assert why in done.err
    assert (tmp_path / "out.txt").read_text() == LONG
