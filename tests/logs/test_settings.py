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
    'preset = "max-compression"\nkeep = "fold"\npriority_filter = "high"\nmin_compression = 99\nadaptive = false',
    'patterns = [{ priority = "low", match = "a" }, { match = "b" }]\ndrop = ["^DEBUG"]\nprofile = "test"',
    'strict_components = true\ncomponents.api = { paths = ["api/"], match = "x", tokens = "20k" }',
    'custom_profile = { schema = 1, name = "mine", base = "info", summary_size = 0.5, end_share = 1, drop = ["x"] }',
    'custom_profile = { name = "mine", patterns = [{ match = "x" }] }\nprofile = "mine"',
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
    "workers = -1",
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
    'preset = "fast"',
    'keep = "all"',
    "min_compression = 100",
    "adaptive = 1",
    'profile = "a b"',
    "custom_profile = { base = 'test' }",
    "custom_profile = { name = 'test' }",
    "custom_profile = { name = 'x', error_retention = 1.1 }",
    "custom_profile = { name = 'x', zzz = 1 }",
    "custom_profile = { name = 'x', schema = 2 }",
    "patterns = [{ priority = 'urgent', match = 'x' }]",
    "patterns = [{ priority = 'high' }]",
    "patterns = ['x']",
    "patterns = [{ match = '' }]",
    "drop = 'x'",
    "components.api = {}",
    "components.api = { tokens = 'many' }",
    "components.api = 5",
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
    """What the schema says holds without a key is what holds without it, if it names a default."""
    described = {
        key: tuple(each) if isinstance(each := value.get("default"), list | dict) else each
        for key, value in KEYS.items()
    }
    assert described == asdict(LogSettings()) == asdict(_read(""))


@pytest.mark.parametrize("wrong", ["(", "x*", "(?:(?:a{90}){90}){90}", "[[:alpha:]]", "a\\nb"])
def test_a_pattern_that_is_none_is_named(wrong: str) -> None:
    """With its place; that is more than a schema can tell."""
    with pytest.raises(ConfigError, match=r"loopflow\.toml:2: logs\.drop: .* is no pattern: "):
        _read(f'[logs]\ndrop = ["{wrong}"]')


def test_a_preset_says_what_keys_do_not() -> None:
    """Keys beside it go before."""
    said = _read('[logs]\npreset = "ci-integration"')
    assert (said.fit, said.profile) == (8_000, "test")
    assert _read('[logs]\npreset = "ci-integration"\nfit = 500').fit == 500


def test_a_profile_that_nobody_describes_is_an_error() -> None:
    """Its name could be one that was mistyped."""
    with pytest.raises(ConfigError, match="there is no profile mine"):
        _read('[logs]\nprofile = "mine"')


def test_the_schema_of_a_profile_is_that_in_the_config() -> None:
    """The file of its own is published for editors."""
    path = Path(__file__).parents[2] / "docs/reference/logs-custom-profile.schema.json"
    published = json.loads(path.read_text("utf-8"))
    Draft202012Validator.check_schema(published)
    assert SCHEMA["$defs"]["log_profile"].items() <= published.items()
    assert published["$defs"].items() <= SCHEMA["$defs"].items()
