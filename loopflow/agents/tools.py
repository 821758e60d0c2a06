"""Recorded lists of tools: what of them a model gets, in one form that is the same for everybody.

The form is compact JSON of `name`, `description` and `inputSchema`, in this order, keys below as they were recorded,
in UTF-8 with no more escapes than JSON asks for. Everything else of a tool is not sent.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from loopflow.agents.frontmatter import whole
from loopflow.agents.model import Finding, Lost, Server, Tool
from loopflow.agents.specs import Spec
from loopflow.analysis.names import escape_name
from loopflow.errors import LoopflowError

if TYPE_CHECKING:
    from loopflow.agents.reading import Library
    from loopflow.agents.tree import Tree

MOST_BYTES = 64_000_000
TOLD_BYTES = 2_048
"""What an agent takes of a description or of instructions, where it takes less than all."""
_SENT = ("name", "description", "inputSchema")
_MOST_LEVELS = 256


class RecordingError(LoopflowError):
    """A recorded list of tools cannot be read."""


class Recording(NamedTuple):
    """What a file holds: tools as they were recorded, and what its server says of itself."""

    tools: Sequence[Mapping[str, Any]]
    server: str = ""
    instructions: str = ""
    is_list: bool = True


def read_servers(paths: Sequence[str], library: "Library", tree: "Tree") -> tuple[list[Server], list[Finding]]:
    """Return the recorded servers among `paths`; single tools in one directory are one. Raises RecordingError."""
    servers: list[Server] = []
    findings: list[Finding] = []
    single: dict[str, list[tuple[Mapping[str, Any], int]]] = {}
    for path in paths:
        data = library.raw(tree.files[path])
        recording = read_recording(data, path)
        if recording.is_list:
            server, found = measure(recording, path, len(data), library)
            servers.append(server)
            findings += found
        else:
            directory = path.rpartition("/")[0]
            single.setdefault(directory, []).append((recording.tools[0], len(data)))
    for directory, rows in single.items():
        recording = Recording([tool for tool, _ in rows])
        server, found = measure(
            recording, f"{directory}/" if directory else "./", sum(size for _, size in rows), library
        )
        servers.append(server)
        findings += found
    return sorted(servers), findings


def read_recording(data: bytes, path: str) -> Recording:
    """Return the tools in a file. Raises RecordingError, with the line, for what is no list of tools."""
    shown = escape_name(path)
    if len(data) > MOST_BYTES:
        raise RecordingError(f"{shown} has more than {MOST_BYTES:,} bytes", "record one server a file")
    try:
        value: Any = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise RecordingError(f"{shown}:{line}: this is not UTF-8", "record it again") from error
    except json.JSONDecodeError as error:
        raise RecordingError(f"{shown}:{error.lineno}: it is no JSON: {error.msg}", "record it again") from error
    except (RecursionError, ValueError) as error:
        raise RecordingError(f"{shown}: it is nested too deeply", "record it again") from error
    if _is_deep(value):
        raise RecordingError(f"{shown}: it is nested too deeply", "record it again")
    return _find_tools(value, shown)


def _is_deep(value: Any) -> bool:  # noqa: ANN401  any JSON
    """Whether a value has more levels than a tool can need. In a loop: it may have very many."""
    level = [value]
    for _ in range(_MOST_LEVELS):
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return False
    return True


def _find_tools(value: Any, shown: str) -> Recording:  # noqa: ANN401  whatever a file holds
    server = instructions = ""
    if isinstance(value, dict):
        about = value.get("serverInfo")
        server = whole(str(about.get("name", ""))) if isinstance(about, dict) else ""
        instructions = value["instructions"] if isinstance(value.get("instructions"), str) else ""
        if isinstance(value.get("result"), dict):
            value = value["result"]
        if "tools" not in value and isinstance(value.get("name"), str):
            return Recording([value], is_list=False)
        value = value.get("tools")
    if not isinstance(value, list):
        hint = 'it has {"tools": [...]}, a list of tools, or one tool'
        raise RecordingError(f"{shown}: there is no list of tools in it", hint)
    for number, tool in enumerate(value, 1):
        if not isinstance(tool, dict) or not isinstance(tool.get("name"), str):
            raise RecordingError(f"{shown}: tool {number} has no name", "record it again")
    return Recording(value, server, instructions)


def measure(recording: Recording, path: str, pretty_bytes: int, library: "Library") -> tuple[Server, list[Finding]]:
    """Return what a server's tools cost, and what is wrong with them."""
    rows = [_texts(tool) for tool in recording.tools]
    names = "\n".join(whole(tool["name"]) for tool in recording.tools)
    texts = [text for row in rows for text in row] + [names, *_with_head(whole(recording.instructions))]
    counts = iter(library.count(texts))
    tools = []
    findings = []
    times = Counter(tool["name"] for tool in recording.tools)
    for tool in recording.tools:
        tokens, description, head, schema, everything = (next(counts) for _ in range(5))
        wrong = tuple(_faults(tool, times))
        findings += [Finding("tool", path, 1, "", f"{whole(tool['name'])[:200]}: {fault}") for fault in wrong]
        size = len(_text_of(tool, "description").encode("utf-8", "surrogatepass"))
        unsent, over = max(everything - tokens, 0), max(description - head, 0)
        tools.append(Tool(whole(tool["name"]), tokens, description, schema, unsent, size, over, wrong))
    total_names, told, head = (next(counts) for _ in range(3))
    instructions = len(recording.instructions.encode("utf-8", "surrogatepass"))
    over = max(told - head, 0)
    server = Server(path, tuple(tools), total_names + told, pretty_bytes, recording.server, instructions, over)
    return server, list(dict.fromkeys(findings))


def find_told_loss(servers: Iterable[Server], spec: Spec) -> Iterator[Lost]:
    """Yield what an agent that cuts leaves out of the descriptions of tools and the instructions of servers."""
    if not spec.cuts_tools:
        return
    for server in servers:
        sizes = [("tool", tool.name, tool.description_bytes, tool.description_over) for tool in server.tools]
        for what, name, size, tokens in (*sizes, ("server", "", server.instructions_bytes, server.instructions_over)):
            if size > TOLD_BYTES:
                row = Lost(spec.name, "", server.path, "bytes", TOLD_BYTES, TOLD_BYTES, size - TOLD_BYTES, tokens, 1)
                yield row._replace(what=what, name=name, certain=spec.certain)


def _texts(tool: Mapping[str, Any]) -> tuple[str, ...]:
    schema = _compact(tool["inputSchema"]) if "inputSchema" in tool else ""
    return (canonical(tool), *_with_head(_text_of(tool, "description")), schema, _compact(dict(tool)))


def _with_head(text: str) -> tuple[str, str]:
    return text, text.encode("utf-8", "surrogatepass")[:TOLD_BYTES].decode("utf-8", "ignore")


def canonical(tool: Mapping[str, Any]) -> str:
    """Return a tool as a model gets it."""
    return _compact({key: tool[key] for key in _SENT if key in tool})


def _text_of(tool: Mapping[str, Any], key: str) -> str:
    value = tool.get(key)
    return whole(value) if isinstance(value, str) else ""


def _compact(value: Any) -> str:  # noqa: ANN401  any JSON
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return whole(text)


def _faults(tool: Mapping[str, Any], times: Mapping[str, int]) -> Iterator[str]:
    if "inputSchema" not in tool:
        yield "it has no inputSchema"
    elif not isinstance(tool["inputSchema"], dict):
        yield "its inputSchema is no object"
    if times[tool["name"]] > 1:
        yield f"there are {times[tool['name']]} tools of this name"
