"""Two hundred messages to a coding assistant, each with what it asks for: `asked.jsonl`.

Three language models wrote and labelled them that had not seen the rules, each in a voice of its own; a third were to
be tricky. That is no sample of what people really write, and nobody has checked the labels.
"""

import json
from pathlib import Path

_ROWS = [json.loads(line) for line in Path(__file__).with_suffix(".jsonl").read_text("utf-8").splitlines()]
ASKED = [(row["task"], row["text"]) for row in _ROWS]
VOICES = {
    voice: [(row["task"], row["text"]) for row in _ROWS if row["voice"] == voice]
    for voice in ("terse", "whole paragraphs", "informal")
}
