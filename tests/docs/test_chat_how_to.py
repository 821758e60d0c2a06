"""The pages on conversations do what they say: their programs, hooks and commands are run as they stand there."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from loopflow.chat.settings import ChatSettings
from loopflow.cli.main import loopflow
from loopflow.config.resolve import resolve
from loopflow.config.sections import read_section
from tests.support.hooked import as_bytes, make_event
from tests.support.run import Result, run

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to"
PAGES = ("chat.md", "chat-limits.md", "narrow-what-tools-say.md", "pydantic-ai-agent.md")
LONG = "\n".join(f"{n:4} def function_{n}(): return {n}" for n in range(2_000))


def blocks(page: str, language: str) -> list[str]:
    """Return what a page shows in a language."""
    found = re.finditer(rf"^```{language}\n(.*?)^```$", (HOW_TO / page).read_text("utf-8"), re.DOTALL | re.MULTILINE)
    return [each[1] for each in found]


def block(page: str, language: str, word: str) -> str:
    """Return the block of a page that has a word in it."""
    [found] = [each for each in blocks(page, language) if word in each]
    return found


def call(here: Path, line: str, stdin: bytes = b"") -> Result:
    """Run a command that a page shows."""
    name, *arguments = shlex.split(line, comments=True)
    assert name == "loopflow", line
    return run(*arguments, cwd=here, stdin=stdin, command=loopflow)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a directory of a program, with a ledger of its own and the config of the pages."""
    monkeypatch.setenv("LOOPFLOW_USAGE_DATABASE", str(tmp_path / "usage.sqlite3"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "loopflow.toml").write_text(block("chat-limits.md", "toml", "per_day"), "utf-8")
    return tmp_path


def play(program: str, **names: Any) -> dict[str, Any]:  # noqa: ANN401  whatever a page goes on from
    """Run a program of a page."""
    exec(compile(program, "a page", "exec"), names)  # noqa: S102  it is ours
    return names


@pytest.mark.parametrize("page", PAGES)
def test_the_config_of_a_page_is_taken(page: str) -> None:
    for each in blocks(page, "toml"):
        settings: ChatSettings = read_section(resolve({"loopflow.toml": each.encode()}, {}, {}).sections, "chat")
        assert settings != ChatSettings()


def test_the_hook_of_an_agent_narrows_what_a_tool_said(here: Path) -> None:
    """The settings are JSON, match the tools that they name, and their command answers an event."""
    [hook] = json.loads(block("narrow-what-tools-say.md", "json", "PostToolUse"))["hooks"]["PostToolUse"]
    assert all(re.fullmatch(hook["matcher"], tool) for tool in ("Bash", "Read", "mcp__docs__find"))
    [command] = hook["hooks"]
    response = {"stdout": LONG, "stderr": "", "interrupted": False, "isImage": False}
    done = call(here, command["command"], as_bytes(make_event("Bash", response)))
    output = done.json["hookSpecificOutput"]["updatedToolOutput"]
    assert (done.code, done.err) == (0, "")
    assert output.keys() == response.keys()
    assert len(output["stdout"]) < len(LONG) / 2


def test_a_program_narrows_an_output(here: Path, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: ARG001  its directory
    made = play(block("narrow-what-tools-say.md", "python", "narrow("), output=LONG)
    assert made["done"].tokens <= 2_000
    assert made["done"].text in capsys.readouterr().out


def test_a_program_with_limits_leaves_events_that_health_reads(here: Path) -> None:
    talk = [{"role": "user", "content": "read on"}, {"role": "assistant", "content": LONG}] * 3
    made = play(block("chat-limits.md", "python", "open_telemetry"), messages=[*talk, talk[0]])
    assert made["emit"].flush(10)
    made["emit"].close()
    assert made["emit"].lost == 0
    for line in block("chat-limits.md", "sh", "health --since 7d").splitlines():
        done = call(here, line)
        assert (done.code, done.err) == (0, ""), line
    assert "compaction" in call(here, "loopflow usage events --message compaction --since 7d").out


def test_a_team_s_sessions_have_a_budget(here: Path) -> None:
    """The commands of the page, one after the other; only the address of the ledger is another."""
    export, *lines = block("chat-limits.md", "sh", "budget set").splitlines()
    assert export.startswith("export LOOPFLOW_USAGE_DATABASE=")
    for line in lines:
        assert call(here, line).code == 0, line
    assert "team" in call(here, lines[-1]).out
    call(here, "loopflow usage add --component review --model glm-4.7 --tokens-in 24M --tokens-out 1")
    assert call(here, lines[-1]).code == 1


@pytest.mark.server  # importing it takes seconds
def test_an_agent_of_pydantic_ai_is_kept_within_its_limits(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its model is a function: it is given no list above the limit, though what its tools say comes to more."""
    pytest.importorskip("pydantic_ai.capabilities")
    pytest.importorskip("openai")
    from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart  # noqa: PLC0415
    from pydantic_ai.models.function import FunctionModel  # noqa: PLC0415

    from loopflow.chat import Counts, read  # noqa: PLC0415

    given = []

    def answer(messages: list[Any], _: Any) -> ModelResponse:  # noqa: ANN401  its own type
        given.append(Counts().count(read(list(messages))).text)
        number = len(given)
        return ModelResponse(
            parts=[ToolCallPart("read_file", {"at": number}, f"c{number}") if number < 9 else TextPart("done")]
        )

    monkeypatch.setenv("OPENAI_API_KEY", "none is needed")
    (here / "loopflow.toml").write_text(block("pydantic-ai-agent.md", "toml", "per_day"), "utf-8")
    made = play(block("pydantic-ai-agent.md", "python", "ProcessHistory"))

    def read_file(at: int) -> str:
        """Read a file."""
        return f"{at}\n{LONG[:30_000]}"

    made["agent"].tool_plain(read_file)
    assert made["agent"].run_sync("find the fault", model=FunctionModel(answer)).output == "done"
    assert max(given) < 50_000
    assert made["whole"]
    emit = made["around"].emit
    assert emit.flush(10)
    emit.close()
    for line in block("pydantic-ai-agent.md", "sh", "health").splitlines():
        done = call(here, line)
        assert done.code == 0, line
        assert done.out
