"""Events as Claude Code sends them to a hook after a tool was used, in the shapes that its tools answer in."""

import json
from typing import Any

Json = dict[str, Any]


def make_event(tool: str, response: Any, **given: Any) -> Json:  # noqa: ANN401  whatever a tool takes and gives
    """Return the event of a tool that was used."""
    return {
        "session_id": "258c7280-0000-4000-8000-000000000000",
        "transcript_path": "/home/me/.claude/projects/-shop/258c7280.jsonl",
        "cwd": "/home/me/shop",
        "permission_mode": "default",
        "hook_event_name": "PostToolUse",
        "tool_name": tool,
        "tool_input": given,
        "tool_response": response,
        "tool_use_id": "toolu_01",
    }


def make_responses(text: str) -> dict[str, tuple[str, Any, Json]]:
    """Return, by a name of each, a tool, what it answers where its output is `text`, and what it was given."""
    lines = text.split("\n")
    file = {"filePath": "/home/me/shop/a.py", "content": text, "numLines": len(lines), "startLine": 301}
    patch = [{"oldStart": 1, "oldLines": 1, "newStart": 1, "newLines": 1, "lines": [f"+{line}" for line in lines[:3]]}]
    edited = {"filePath": "/a.py", "oldString": "a", "newString": text, "originalFile": text, "structuredPatch": patch}
    bash = {"stdout": text, "stderr": text, "interrupted": False, "isImage": False, "noOutputExpected": False}
    picture = {"type": "image", "file": {"base64": "iVBORw0KGgo" * 9_000, "type": "image/png", "originalSize": 9}}
    return {
        "Bash": ("Bash", bash, {"command": "make test || true"}),
        "Read": ("Read", {"type": "text", "file": {**file, "totalLines": 900}}, {"file_path": "/home/me/shop/a.py"}),
        "Read a picture": ("Read", picture, {"file_path": "/a.png"}),
        "Grep": ("Grep", {"mode": "content", "numFiles": 0, "filenames": [], "content": text, "numLines": 9}, {}),
        "Grep names": ("Grep", {"mode": "files_with_matches", "filenames": lines, "numFiles": len(lines)}, {}),
        "Glob": ("Glob", {"filenames": lines, "durationMs": 12, "numFiles": len(lines), "truncated": False}, {}),
        "WebFetch": (
            "WebFetch",
            {"bytes": 9, "code": 200, "codeText": "OK", "result": text, "url": "https://a.example"},
            {},
        ),
        "WebSearch": ("WebSearch", {"query": "q", "results": [{"content": [{"title": "t", "url": text}]}, text]}, {}),
        "Task": ("Task", {"status": "completed", "content": [{"type": "text", "text": text}], "totalTokens": 9}, {}),
        "mcp": ("mcp__shop__status", [{"type": "text", "text": text}, {"type": "text", "text": "end"}], {}),
        "mcp text": ("mcp__shop__status", text, {}),
        "mcp picture": ("mcp__shop__see", [{"type": "image", "data": "iVBO" * 9_000, "mimeType": "image/png"}], {}),
        "Edit": ("Edit", edited, {"file_path": "/a.py"}),
        "Write": ("Write", {"type": "create", "filePath": "/a.py", "content": text, "structuredPatch": []}, {}),
        "TodoWrite": ("TodoWrite", {"oldTodos": [], "newTodos": [{"content": text, "status": "pending"}]}, {}),
        "unknown": ("SomethingNew", {"a": {"b": [text, 1, None, True, 1.5]}, "": []}, {}),
    }


def as_bytes(event: Any) -> bytes:  # noqa: ANN401  any JSON
    """Return what stands on a hook's standard input."""
    return json.dumps(event).encode()
