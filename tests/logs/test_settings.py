"""`[logs]`, as the command reads it and as the schema for editors describes it."""

import json
import tomllib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from loopflow.config.resolve import resolve
from loopflow.config.sections import read_section
from loopflow.errors import ConfigError
from loopflow.logs.settings import LogSettings

SCHEMA: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "docs/reference/config.schema.json").read_text("utf-8")
)
KEYS: dict[str, Any] = SCHEMA["$defs"]["logs"]["properties"]
GOOD = (
    'fit = "6k"\nbuffer = 0\nbudget = 200_000\nchunk_size = 0\nworkers = 64',
    'timestamps = "drop"\nrepeated = "short"\nredact = false\narchive = false',
    'timestamps = "keep"\nrepeated = "full"\nredact = true\nworkers = 1\nchunk_size = 10_000_000',
    'output_dir = "logs/kept"\nmax_log_size = "500k bytes"\nmax_logs = 1',
    "max_log_size = 1_000_000\nmax_logs = 100_000",
    "",
)
BAD = (
    'fit = "many"',
    "buffer = -1",
    "buffer = true",
    'budget = "2%"',
    "chunk_size = 10_000_001",
    'timestamps = "none"',
    'repeated = "long"',
    "workers = 0",
    "workers = 65",
    "redact = 1",
    'archive = "no"',
    'output_dir = "../out"',
    'output_dir = "/out"',
    'output_dir = ""',
    'max_log_size = "999"',
    "max_log_size = 0",
    'max_log_size = "5 parsecs"',
    "max_logs = 0",
    "max_logs = true",
    "zzzzzzz = 1",
)


def _read(text: str) -> LogSettings:
    settings: LogSettings = read_section(resolve({"loopflow.toml": text.encode()}, {}, {}).sections, "logs")
    return settings


def _is_valid(text: str) -> bool:
    return Draft202012Validator(SCHEMA).is_valid(tomllib.loads(text))


@pytest.mark.parametrize("text", GOOD)
def test_what_is_good_is_good_for_both(text: str) -> None:
    """The command and the schema accept it."""
    _read(f"[logs]\n{text}")
    assert _is_valid(f"[logs]\n{text}")


@pytest.mark.parametrize("text", BAD)
def test_what_is_bad_is_bad_for_both(text: str) -> None:
    """The command refuses it on one line with the place; the schema underlines it."""
    with pytest.raises(ConfigError, match=r"loopflow\.toml:2: logs\."):
        _read(f"[logs]\n{text}")
    assert not _is_valid(f"[logs]\n{text}")


def test_both_know_the_same_keys_and_defaults() -> None:
    """What the schema says holds without a key is what holds without it; only `budget` has no default."""
    described = {key: value.get("default") for key, value in KEYS.items()}
    assert described == asdict(LogSettings()) == asdict(_read(""))
