"""Settings under a name, and profiles in files: what is written is what is read, and what is wrong is named."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from loopflow.errors import LoopflowError
from loopflow.logs.configs import list_configs, load_config, render_settings, save_config
from loopflow.logs.custom_profiles import CustomProfile, load_profile
from loopflow.logs.documents import read_document
from loopflow.logs.model import Component, OwnPattern, Priority
from loopflow.logs.patterns import check_pattern
from loopflow.logs.saving_patterns import save_patterns
from loopflow.logs.settings import LogSettings, read_settings, read_values

CONFIG: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "docs/reference/config.schema.json").read_text("utf-8")
)
SCHEMA = Draft202012Validator({**CONFIG["$defs"]["logs"], "$defs": CONFIG["$defs"]})
texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=9).filter(
    lambda text: not check_pattern(text)
)
patterns = st.lists(st.builds(OwnPattern, st.sampled_from(Priority), texts), max_size=3, unique=True).map(tuple)
drops = st.lists(texts, max_size=3, unique=True).map(tuple)
names = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=9)
components = st.builds(Component, names, texts, st.just(("api/", "'\"")), st.integers(0, 9))
profiles = st.builds(
    CustomProfile, st.just("mine"), st.sampled_from(["", "test"]), st.just((("end_share", 0.25),)), patterns, drops
)
settings = st.builds(
    LogSettings,
    fit=st.integers(1, 1 << 40),
    preset=st.sampled_from(["balanced", "monitoring"]),
    budget=st.none() | st.integers(1, 99),
    custom_profile=profiles,
    profile=st.sampled_from(["mine", "test"]),
    patterns=patterns,
    drop=drops,
    components=st.lists(components, max_size=3, unique_by=lambda each: each.name).map(tuple),
    adaptive=st.booleans(),
)


@hypothesis_settings(max_examples=12)
@given(settings)
def test_what_is_saved_is_what_holds(tmp_path_factory: pytest.TempPathFactory, given_settings: LogSettings) -> None:
    """Every setting, whatever is in its texts; and the schema of the config knows all of it."""
    root = tmp_path_factory.mktemp("root")
    save_config("mine", given_settings, str(root))
    assert LogSettings(**load_config("mine", str(root), "/")) == given_settings
    values = read_document(str(root / ".loopflow/logs/mine.toml"), "x").values
    assert values.pop("schema") == 1
    assert list(SCHEMA.iter_errors(values)) == []


def test_a_configuration_is_read_in_json_too(tmp_path: Path) -> None:
    """By name and by path."""
    file = tmp_path / ".loopflow/logs/ci.json"
    file.parent.mkdir(parents=True)
    file.write_text('{"schema": 1, "fit": "6k", "patterns": [{"match": "x"}]}')
    expected = {"fit": 6_000, "patterns": (OwnPattern(Priority.CRITICAL, "x"),)}
    assert load_config("ci", str(tmp_path), "/") == load_config(str(file), "/", "/") == expected


BAD = [
    ('{"fit": 6', "this is not JSON"),
    ("[1]", "this is no JSON object"),
    ('{"fit": 1, "fit": 2}', "'fit' is there twice"),
    ('{"fit": NaN}', "NaN is no number"),
    ('{"schema": 2}', "this is of schema 2, and this version knows 1"),
    ('{"schema": true}', "it is the number of a schema"),
    ('{"schema": 1, "fitt": 1}', "there is no such key"),
    ('{"fit": ' + "9" * 5_000 + "}", "is not JSON|no number of tokens"),
    ("[" * 100_000, "is not JSON|this is not JSON"),
    ("\xff", "this is not UTF-8"),
    ("", "this is not JSON"),
]


@pytest.mark.parametrize(("text", "wrong"), BAD)
def test_a_configuration_that_is_none_is_named(tmp_path: Path, text: str, wrong: str) -> None:
    """With its file, on one line; and listed so."""
    file = tmp_path / ".loopflow/logs/x.json"
    file.parent.mkdir(parents=True)
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(LoopflowError, match=wrong) as raised:
        load_config("x", str(tmp_path), "/")
    assert raised.value.message.startswith(".loopflow/logs/x.json")
    assert raised.value.message.isprintable()
    assert raised.value.exit_code == 2
    [listed] = list_configs(str(tmp_path))
    assert listed.problem == raised.value.message


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("fit = ", "is not TOML"),
        ("schema = 9", r"x\.toml:1: schema: this is of schema 9"),
        ("a" + ".a" * 2_000 + " = 1", "dots"),
    ],
)
def test_toml_that_is_none_is_named(tmp_path: Path, text: str, wrong: str) -> None:
    """With its line, where that is known."""
    (tmp_path / "x.toml").write_text(text)
    with pytest.raises(LoopflowError, match=wrong):
        load_config("./x.toml", "/", str(tmp_path))


@pytest.mark.parametrize("name", ["", ".", "..", "a b", "-x", "x" * 41, "\x1b", "ä", "_"])
def test_a_name_is_one_of_a_file(tmp_path: Path, name: str) -> None:
    """Short, and of plain letters."""
    with pytest.raises(LoopflowError, match="cannot be the name of a configuration"):
        save_config(name, LogSettings(), str(tmp_path))
    assert not any(tmp_path.iterdir())


def test_nothing_is_saved_behind_a_link(tmp_path: Path) -> None:
    """Where a repository that somebody else made leads elsewhere."""
    (tmp_path / "away").mkdir()
    root = tmp_path / "root"
    root.mkdir()
    (root / ".loopflow").symlink_to(tmp_path / "away")
    with pytest.raises(LoopflowError, match="is behind a link"):
        save_config("x", LogSettings(), str(root))
    assert not list((tmp_path / "away").rglob("*.toml"))


def test_what_is_no_directory_is_an_error(tmp_path: Path) -> None:
    """Of one line; and listing finds nothing there."""
    (tmp_path / ".loopflow").write_text("")
    with pytest.raises(LoopflowError, match=r"\.loopflow/logs cannot be made: "):
        save_config("x", LogSettings(), str(tmp_path))
    assert list(list_configs(str(tmp_path))) == []


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    """A pipe that nobody writes into, or a directory."""
    directory = tmp_path / ".loopflow/logs"
    directory.mkdir(parents=True)
    os.mkfifo(directory / "a.toml")
    (directory / "b.toml").mkdir()
    assert [each.problem for each in list_configs(str(tmp_path))] == [
        ".loopflow/logs/a.toml is no file",
        ".loopflow/logs/b.toml is no file",
    ]
    with pytest.raises(LoopflowError, match=r"a\.toml is no file"):
        load_config("a", str(tmp_path), "/")


def test_a_name_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    """If there are any."""
    with pytest.raises(LoopflowError, match="there is no saved configuration 'x'") as raised:
        load_config("x", str(tmp_path), "/")
    assert "--save-config" in raised.value.hint
    save_config("mine", LogSettings(), str(tmp_path))
    with pytest.raises(LoopflowError, match="there is no saved configuration 'x'") as raised:
        load_config("x", str(tmp_path), "/")
    assert raised.value.hint == "there are mine"


PROFILE = {
    "name": "mine",
    "base": "error",
    "end_share": 1,
    "patterns": [{"priority": "low", "match": "x"}],
    "drop": ["y"],
}


@pytest.mark.parametrize("file", ["p.json", "p.toml", "p", "q"])
def test_a_profile_is_toml_or_json(tmp_path: Path, file: str) -> None:
    """As its name says, or its first character."""
    toml = 'name = "mine"\nbase = "error"\nend_share = 1\ndrop = ["y"]\n[[patterns]]\npriority = "low"\nmatch = "x"\n'
    (tmp_path / file).write_text(json.dumps(PROFILE) if file in {"p.json", "p"} else toml)
    expected = CustomProfile("mine", "error", (("end_share", 1.0),), (OwnPattern(Priority.LOW, "x"),), ("y",))
    assert load_profile(file, str(tmp_path)) == expected


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"name": "test_logs"}, "there is a profile test_logs already"),
        ({"name": ""}, "it is a name"),
        ({"name": 5}, "it is a name"),
        ({"base": "mine"}, "it is one of test, error, info"),
        ({"error_retention": "much"}, "it is a share from 0 to 1"),
        ({"summary_size": -0.1}, "it is a share from 0 to 1"),
        ({"patterns": [{"match": "("}]}, "is no pattern"),
        ({"patterns": [{"match": 5}]}, "it is a pattern"),
        ({"patterns": {}}, "is a list of tables"),
        ({"patterns": [{"match": "x"}] * 201}, "more than 200"),
        ({"drop": [5]}, "it is a list of patterns"),
        ({"schema": 3}, "this is of schema 3"),
        ({"colour": "red"}, "there is no such key"),
    ],
)
def test_a_profile_that_is_none_is_named(tmp_path: Path, change: dict[str, Any], wrong: str) -> None:
    """With the key; the published schema finds the same wrong, but for patterns."""
    (tmp_path / "p.json").write_text(json.dumps(PROFILE | change))
    with pytest.raises(LoopflowError, match=wrong) as raised:
        load_profile("p.json", str(tmp_path))
    assert raised.value.message.startswith("p.json: ")
    path = Path(__file__).parents[2] / "docs/reference/logs-custom-profile.schema.json"
    schema = Draft202012Validator(json.loads(path.read_text("utf-8")))
    assert schema.is_valid(PROFILE)
    assert schema.is_valid(PROFILE | change) == (wrong == "is no pattern")


def test_a_profile_needs_a_name(tmp_path: Path) -> None:
    """It stands in the first line of a digest."""
    (tmp_path / "p.json").write_text("{}")
    with pytest.raises(LoopflowError, match=r"^p\.json: the profile has no name"):
        load_profile("p.json", str(tmp_path))


NEW = (OwnPattern(Priority.HIGH, r"a\d 'x'"), OwnPattern(Priority.CRITICAL, "b"))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("loopflow.toml", ""),
        ("loopflow.toml", "# mine\n[logs] # here\nfit = '6k'  # much\n\n[budget]\ntotal = 5\n"),
        ("loopflow.toml", "[logs]\npatterns = [ { match = 'b', priority = 'critical' } ]\ndrop=['q', ]\n"),
        ("loopflow.toml", "[[logs.patterns]]\nmatch = 'z'\n[logs.components.api]\nmatch = 'x'\n"),
        ("loopflow.toml", "logs = { fit = 5 }\n"),
        ("loopflow.toml", "logs.fit = 5\r\n# end"),
        ("pyproject.toml", "[project]\nname = 'x'\n[tool.loopflow]\n[tool.ruff]\nline-length = 5\n"),
        ("pyproject.toml", "[tool.loopflow.logs]\nfit = 5\n"),
    ],
)
def test_patterns_are_put_into_a_config(tmp_path: Path, name: str, text: str) -> None:
    """All that was there stays, comments too; what is there already is not there twice."""
    file = tmp_path / name
    file.write_bytes(text.encode())
    before = _read(file)
    assert save_patterns(name, str(tmp_path), NEW, ("d",)) == name
    once = file.read_bytes()
    save_patterns(name, str(tmp_path), NEW, ("d",))
    assert file.read_bytes() == once
    after = _read(file)
    assert set(after.patterns) == {*before.patterns, *NEW}
    assert set(after.drop) == {*before.drop, "d"}
    assert replace(after, patterns=(), drop=()) == replace(before, patterns=(), drop=())
    for comment in ("# mine", "# here", "# much", "# end"):
        assert (comment in text) == (comment in file.read_text())


def _read(file: Path) -> LogSettings:
    table = read_document(str(file), file.name)
    for key in ("tool", "loopflow", "logs"):
        if key in table.values:
            table = table.table(key) or table
    table.values.pop("project", None)
    known = {key: value for key, value in table.values.items() if key in LogSettings.__dataclass_fields__}
    return read_settings(replace(table, values=known))


def test_a_config_without_a_file_begins_one(tmp_path: Path) -> None:
    """At the root."""
    assert save_patterns(None, str(tmp_path), NEW, ()) == "loopflow.toml"
    assert read_values(read_document(str(tmp_path / "loopflow.toml"), "x").table("logs")) == {"patterns": NEW}  # type: ignore[arg-type]


def test_saved_settings_are_easy_to_read() -> None:
    """A backslash is one backslash."""
    assert "match = 'a\\d'" in render_settings(LogSettings(patterns=(OwnPattern(Priority.LOW, r"a\d"),)))
