"""The command `loopflow chat tasks`."""

import json
from pathlib import Path

import pytest

from loopflow.cli.chat import chat
from tests.support.run import Result, run
from tests.support.talks import Said, as_chat, as_claude_code

TALK = [
    Said("user", "please implement the cache that we spoke of yesterday"),
    Said("call", json.dumps({"content": "word " * 2_000}), "c1", "Write"),
    Said("result", "ok", "c1"),
    Said("assistant", "Done."),
    Said("user", "yes"),
    Said("assistant", "Good."),
    Said("user", "grep for \x1b[31m it"),
    Said("assistant", "word " * 1_600),
]


def tasks(here: Path, *arguments: str, stdin: bytes = b"") -> Result:
    env = {"HOME": str(here), "LOOPFLOW_CACHE_DIR": str(here / "cache"), "LOOPFLOW_CONFIG": ""}
    return run("tasks", *arguments, cwd=here, env=env, stdin=stdin, command=chat)


def test_caps_stand_beside_what_answers_took(tmp_path: Path) -> None:
    (tmp_path / "talk.json").write_text(json.dumps(as_chat(TALK)))
    done = tasks(tmp_path, "talk.json")
    rows = [line.split() for line in done.out.splitlines()]
    assert (done.code, rows[0]) == (0, ["task", "messages", "cap", "median", "largest", "over"])
    assert rows[1][:4] == ["TOOL_CALL", "1", "3,000", "1,601"]
    assert rows[2][:3] == ["CODE_GENERATION", "2", "3,000"]


def test_each_message_is_explained_and_hostile_words_do_nothing(tmp_path: Path) -> None:
    (tmp_path / "s.jsonl").write_bytes(as_claude_code(TALK))
    (tmp_path / "loopflow.toml").write_text('[chat.limits.m]\ninput = "9k"\ncap_rules = "table"\n')
    done = tasks(tmp_path, "s.jsonl", "--explain", "--model", "m")
    lines = done.out.splitlines()
    assert lines[1].split()[1:5] == ["CODE_GENERATION", "3,000", lines[1].split()[3], "implement"]
    assert "implement, as before" in lines[2]
    assert "TOOL_CALL          300   1,601!" in lines[3]
    assert "\x1b" not in done.out
    assert "1 of 3 answers took more than their cap, and would have been cut" in done.err


@pytest.mark.parametrize(
    ("arguments", "stdin", "code", "why"),
    [
        (("-",), b'[{"role":"assistant","content":"hi"}]', 0, "nobody asks for anything in it"),
        (("-",), b"[]", 2, "standard input"),
        (("missing.json",), b"", 2, "missing.json cannot be read"),
        ((), b"", 2, "Missing argument 'FILE'"),
    ],
)
def test_what_cannot_be_read_is_said(
    arguments: tuple[str, ...], stdin: bytes, code: int, why: str, tmp_path: Path
) -> None:
    done = tasks(tmp_path, *arguments, stdin=stdin)
    assert (done.code, done.out) == (code, "")
    assert why in done.err
