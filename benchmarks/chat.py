"""Measure `loopflow chat`: ten histories made to fit beside what else trims them, and how long things take.

Usage: python benchmarks/chat.py trimming [--write]
       python benchmarks/chat.py time [--session FILE] [--write]

`trimming` wants the others in its environment: pip install litellm langchain-core pydantic-ai-slim pydantic-ai-harness.
One that is missing is left out. Histories are made here, the same each time. A result is judged by what comes out, as
Chat Completions: whether OpenAI would refuse it (the rules of tests/support/refusing.py), its tokens of o200k_base in
all texts, and whether the task stands in it, whole. Times are CPU times of one process, the best of three, and include
counting. With --write a section takes its place in benchmarks/chat.md.
"""

import argparse
import asyncio
import json
import os
import random
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # or it asks the network for prices

from loopflow.chat import Compactor, Counts, Limits, check, compact, profile, read, repair, write  # noqa: E402
from tests.support.refusing import refuse_chat  # noqa: E402

RESULTS = ROOT / "benchmarks" / "chat.md"
LIMIT = 15_000
TASK = "Make the parser in src/parse.py keep comments, without changing what it returns for files that have none."
HEAD = """# What conversations are measured by

Each section is written by the command that it names."""
REMARKS = (
    "Right is what OpenAI takes, within the number, with the task in it. Where ours is not best: langchain and",
    "pydantic-ai-harness take less time, since they drop more and look at less; litellm takes next to none where it",
    "gives up. In a list of plain words, litellm and langchain keep as many tokens as ours. Ours leaves less than the",
    "number where one result was most of it: it is cut to a quarter of the number, so that the next ones have room.",
)
Messages = list[dict[str, Any]]


class Verdict(NamedTuple):
    """What came of a history."""

    valid: bool
    tokens: int
    task: bool
    seconds: float

    @property
    def cell(self) -> str:
        """The verdict in a cell: what is wrong, or the tokens that were kept."""
        wrong = [] if self.valid else ["refused"]
        wrong += ["over"] if self.tokens > LIMIT else []
        wrong += [] if self.task else ["task lost"]
        return f"{', '.join(wrong) or 'ok'}, {self.tokens:,}, {self.seconds * 1000:,.0f} ms"


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("what", choices=["trimming", "time"])
    parser.add_argument("--session", type=Path, help="A session of Claude Code to profile, of some megabytes.")
    parser.add_argument("--write", action="store_true", help="Into benchmarks/chat.md.")
    given = parser.parse_args()
    section = "\n".join(measure_trimming() if given.what == "trimming" else measure_times(given.session))
    print(section)
    if given.write:
        write_section(given.what, section)


def write_section(what: str, section: str) -> None:
    """Put a section into the page, in the place of the one before."""
    found = RESULTS.read_text("utf-8") if RESULTS.exists() else f"{HEAD}\n"
    title = {"trimming": "## Ten histories", "time": "## Time"}[what]
    rest = re.sub(rf"\n{title}\n.*?(?=\n## |\Z)", "", found, flags=re.DOTALL)
    RESULTS.write_text(f"{rest.rstrip()}\n\n{title}\n\n{section}\n", "utf-8")


# Histories


def said(role: str, content: str | None, **more: Any) -> dict[str, Any]:  # noqa: ANN401  any JSON
    """Return a message."""
    return {"role": role, "content": content, **more}


def called(*ids: str, name: str = "read_file", path: str = "") -> dict[str, Any]:
    """Return a message with calls of a tool."""
    calls = [
        {
            "id": each,
            "type": "function",
            "function": {"name": name, "arguments": json.dumps({"path": path or f"src/{each}.py"})},
        }
        for each in ids
    ]
    return said("assistant", None, tool_calls=calls)


def make_histories() -> dict[str, Messages]:
    """Return ten histories: what agents and talks come to, and what breaks those that trim."""
    chance = random.Random(7)
    words = (ROOT / "docs" / "explanation" / "architecture.md").read_text("utf-8").split()

    def text(tokens: int) -> str:
        return " ".join(chance.choice(words) for _ in range(tokens * 10 // 17 or 1))

    def lines(tokens: int) -> str:
        return "\n".join(f"{number:5}  {text(18)}" for number in range(tokens // 21 or 1))

    def steps(number: int, tokens: int, first: int = 0) -> Iterator[dict[str, Any]]:
        for at in range(first, first + number):
            yield called(f"c{at}")
            yield said("tool", lines(tokens), tool_call_id=f"c{at}")

    def parallel(number: int) -> Iterator[dict[str, Any]]:
        for at in range(number):
            ids = [f"p{at}_{each}" for each in range(5)]
            yield called(*ids)
            yield from (said("tool", lines(900), tool_call_id=each) for each in ids)

    system, task = said("system", "You are a careful engineer. " + text(200)), said("user", TASK)
    talk = [each for at in range(150) for each in (said("user", text(60)), said("assistant", text(120)))]
    same = [
        each
        for at in range(14)
        for each in (called(f"s{at}", path="src/parse.py"), said("tool", lines(2_500), tool_call_id=f"s{at}"))
    ]
    for at, message in enumerate(same[1::2]):
        message["content"] = same[1]["content"] if at % 3 else message["content"]
    constant = [{**each} for each in steps(30, 1_500)]
    for message in constant:
        if "tool_call_id" in message:
            message["tool_call_id"] = "call_0"
        else:
            message["tool_calls"] = [{**message["tool_calls"][0], "id": "call_0"}]
    return {
        "an agent's 60 steps": [system, task, *steps(60, 1_500), said("assistant", "It keeps them now.")],
        "a result of 107,000 tokens": [
            system,
            task,
            *steps(3, 900),
            *steps(1, 107_000, 10),
            said("user", "What does it say?"),
        ],
        "a large result at the end": [system, task, *steps(4, 900), *steps(1, 97_000, 20)],
        "five calls at once": [system, task, *parallel(12)],
        "a long talk": [system, task, *talk, said("user", "And in one sentence?")],
        "cut before its calls": [system, *list(steps(30, 1_500))[1:], task],
        "interrupted": [system, task, *list(steps(30, 1_500))[:-1]],
        "one file read again and again": [system, task, *same],
        "one id for all calls": [system, task, *constant],
        "one message of 60,000 tokens": [said("user", f"{TASK}\n{lines(60_000)}")],
    }


# Who trims


def trim_ours(messages: Messages, counts: Counts) -> Messages:
    """Trim with loopflow."""
    trimmed: Messages = write(compact(read(messages, "chat"), LIMIT, counts=counts).conversation)
    return trimmed


def trim_litellm(messages: Messages, _: Counts) -> Messages:
    """Trim with litellm."""
    from litellm.utils import trim_messages  # noqa: PLC0415

    trimmed: Messages = list(trim_messages(messages, model="gpt-4o", max_tokens=LIMIT))
    return trimmed


def trim_langchain(messages: Messages, counts: Counts) -> Messages:
    """Trim with langchain, as its documentation advises: the last messages, from one of the user's, with the system."""
    from langchain_core.messages import convert_to_messages, convert_to_openai_messages, trim_messages  # noqa: PLC0415

    def count(listed: Sequence[Any]) -> int:
        return count_tokens(convert_to_openai_messages(list(listed)), counts)

    trimmed = trim_messages(
        convert_to_messages(messages),
        max_tokens=LIMIT,
        token_counter=count,
        strategy="last",
        start_on="human",
        include_system=True,
    )
    found: Messages = convert_to_openai_messages(trimmed)
    return found


def trim_harness(messages: Messages, counts: Counts) -> Messages:
    """Trim with pydantic-ai-harness: its tiers that ask no model, the gentle ones first."""
    from pydantic_ai.models.test import TestModel  # noqa: PLC0415
    from pydantic_ai_harness import compaction  # noqa: PLC0415

    tiers = [
        compaction.ClampOversizedMessages(max_part_tokens=LIMIT // 4),
        compaction.DeduplicateFileReads(file_key=lambda call: str(call.args)),
        compaction.ClearToolResults(max_tokens=1, keep_pairs=2),
        compaction.SlidingWindowCompaction(max_messages=1, keep_tokens=LIMIT),
    ]
    strategy = compaction.TieredCompaction(tiers=tiers, target_tokens=LIMIT, tokenizer=counts.of)
    done = asyncio.run(compaction.compact_now(strategy, to_pydantic(messages), model=TestModel()))
    return from_pydantic(done)


def to_pydantic(messages: Messages) -> list[Any]:
    """Return messages as pydantic-ai has them."""
    from pydantic_ai import messages as kinds  # noqa: PLC0415

    found: list[Any] = []
    names: dict[str, str] = {}
    for message in messages:
        role, content = message["role"], message["content"] or ""
        part: Any
        if role == "assistant":
            parts: list[Any] = [kinds.TextPart(content)] if content else []
            for call in message.get("tool_calls", ()):
                names[call["id"]] = call["function"]["name"]
                parts.append(kinds.ToolCallPart(names[call["id"]], call["function"]["arguments"], call["id"]))
            found.append(kinds.ModelResponse(parts))
            continue
        if role == "tool":
            name = names.get(message["tool_call_id"], "read_file")
            part = kinds.ToolReturnPart(name, content, message["tool_call_id"])
        else:
            part = kinds.SystemPromptPart(content) if role == "system" else kinds.UserPromptPart(content)
        if found and isinstance(found[-1], kinds.ModelRequest):
            found[-1].parts.append(part)
        else:
            found.append(kinds.ModelRequest([part]))
    return found


def from_pydantic(history: Sequence[Any]) -> Messages:
    """Return a history of pydantic-ai as messages of Chat Completions, in the order of its parts."""
    messages: Messages = []
    for each in history:
        calls = []
        for part in each.parts:
            if part.part_kind == "tool-call":
                function = {"name": part.tool_name, "arguments": part.args}
                calls.append({"id": part.tool_call_id, "type": "function", "function": function})
            elif part.part_kind == "tool-return":
                messages.append(said("tool", str(part.content), tool_call_id=part.tool_call_id))
            elif part.part_kind in {"system-prompt", "user-prompt", "text"}:
                role = {"system-prompt": "system", "user-prompt": "user", "text": "assistant"}[part.part_kind]
                messages.append(said(role, str(part.content)))
        if calls:
            messages.append(said("assistant", None, tool_calls=calls))
    return messages


TRIMMERS: dict[str, tuple[str, Callable[[Messages, Counts], Messages]]] = {
    "loopflow": ("loopflow", trim_ours),
    "litellm": ("litellm", trim_litellm),
    "langchain": ("langchain_core", trim_langchain),
    "pydantic-ai-harness": ("pydantic_ai_harness", trim_harness),
}


def count_tokens(messages: Messages, counts: Counts) -> int:
    """Return the tokens of all texts."""
    texts = [message["content"] or "" for message in messages]
    for message in messages:
        for call in message.get("tool_calls") or ():
            texts += [call["function"]["name"], call["function"]["arguments"]]
    return sum(map(counts.of, texts))


def judge(trim: Callable[[Messages, Counts], Messages], messages: Messages) -> Verdict | str:
    """Return what comes of a history, or the exception."""
    best = float("inf")
    trimmed: Messages = []
    for _ in range(3):
        given = json.loads(json.dumps(messages))
        counts = Counts()
        begin = time.process_time()
        try:
            trimmed = trim(given, counts)
        except Exception as error:  # noqa: BLE001  somebody else's
            return f"raised {type(error).__name__}"
        best = min(best, time.process_time() - begin)
    has_task = any(m["role"] == "user" and TASK in str(m["content"]) for m in trimmed)
    return Verdict(bool(trimmed) and refuse_chat(trimmed) is None, count_tokens(trimmed, Counts()), has_task, best)


def measure_trimming() -> Iterator[str]:
    """Yield the section of what comes of ten histories."""
    there = {name: trim for name, (module, trim) in TRIMMERS.items() if find_spec(module)}
    histories = make_histories()
    table = {name: [judge(trim, each) for each in histories.values()] for name, trim in there.items()}
    yield f"`python benchmarks/chat.py trimming`: to {LIMIT:,} tokens. A cell says what is wrong, or `ok`; the"
    yield "tokens that are left, and how long it took. " + ", ".join(versions(there)) + "."
    yield ""
    yield f"| history | tokens | {' | '.join(there)} |"
    yield f"|---|---:|{'---|' * len(there)}"
    for number, (name, messages) in enumerate(histories.items()):
        found = [table[each][number] for each in there]
        cells = [each if isinstance(each, str) else each.cell for each in found]
        yield f"| {name} | {count_tokens(messages, Counts()):,} | {' | '.join(cells)} |"
    sums = []
    for found in table.values():
        fine = [each for each in found if isinstance(each, Verdict)]
        kept = [each.tokens <= LIMIT and each.valid and each.task for each in fine]
        sums.append(f"{sum(kept)} of {len(found)} right, {sum(each.seconds for each in fine) * 1000:,.0f} ms")
    yield f"| all | | {' | '.join(sums)} |"
    yield ""
    yield from REMARKS


def versions(there: dict[str, Any]) -> Iterator[str]:
    """Yield names with versions."""
    from importlib.metadata import version  # noqa: PLC0415

    packages = {"langchain": "langchain-core", "loopflow": "loopflow-code-context"}
    yield from (f"{name} {version(packages.get(name, name))}" for name in there)


# Time


def measure_times(session: Path | None) -> Iterator[str]:
    """Yield the section of how long things take."""
    messages: Messages = [said("user", TASK)]
    chance = random.Random(3)
    words = (ROOT / "README.md").read_text("utf-8").split()
    for at in range(1_000):
        text = " ".join(chance.choice(words) for _ in range(155))
        messages += [called(f"c{at}"), said("tool", text, tool_call_id=f"c{at}")]
    size = len(json.dumps(messages))
    yield f"`python benchmarks/chat.py time`: {len(messages):,} messages of {size:,} bytes, CPU time of one process,"
    yield "the best of five. Other processes share the machine, so compare rows with each other."
    yield ""
    yield "| what | ms |"
    yield "|---|---:|"
    counts = Counts()
    conversation = read(messages, "chat")
    begin = time.process_time()
    counts.expect_conversation(conversation)
    yield f"| count for the first time | {(time.process_time() - begin) * 1000:,.0f} |"
    more = [*messages, said("user", "And one more message.")]
    shorten = Compactor(Limits("m", 100_000, target=15_000, compact_at=0.3, block_at=0.5), counts=counts)
    shorten(messages)
    compact(conversation, LIMIT, counts=counts)
    one = read([more[-1]], "chat").messages
    rows: dict[str, Callable[[], Any]] = {
        "read a list of dicts": lambda: read(messages, "chat"),
        "count again, one message appended": lambda: counts.count(
            conversation._replace(messages=conversation.messages + one)
        ),
        "check what a provider would refuse": lambda: check(conversation),
        "repair where nothing is wrong": lambda: repair(conversation),
        "compact to 15,000 tokens, all texts counted": lambda: compact(conversation, LIMIT, counts=counts),
        "Compactor, the whole list with one message more": lambda: shorten(more),
        "profile": lambda: profile(conversation, counts),
    }
    for name, work in rows.items():
        yield f"| {name} | {best_of(work) * 1000:,.1f} |"
    if session is not None:
        data = session.read_bytes()
        yield f"| read a session of {len(data):,} bytes | {best_of(lambda: read(data)) * 1000:,.1f} |"
        yield f"| read, count anew and profile it | {best_of(lambda: profile(read(data), Counts())) * 1000:,.1f} |"


def best_of(work: Callable[[], Any]) -> float:
    """Return the seconds of CPU time that something takes at best."""
    times = []
    for _ in range(5):
        begin = time.process_time()
        work()
        times.append(time.process_time() - begin)
    return min(times)


if __name__ == "__main__":
    main()
