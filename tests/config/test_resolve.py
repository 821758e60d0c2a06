"""The config file: what holds, what is wrong with it and where, and the schema that editors know it by."""

import json
import re
import tomllib
from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from loopflow.cli.configuration import render_config
from loopflow.config.resolve import Config, resolve
from loopflow.errors import ConfigError
from loopflow.model import Allowance, Level, Rule

SCHEMA_FILE = Path(__file__).parents[2] / "docs" / "reference" / "config.schema.json"


def read(text: str | bytes, name: str = "loopflow.toml") -> Config:
    return resolve({name: text if isinstance(text, bytes) else text.encode()}, {}, {})


def complaint(text: str | bytes, name: str = "loopflow.toml") -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        read(text, name)
    return caught.value


def refusal(text: str) -> ConfigError | None:
    """Return the error that a config is refused with, None if it is accepted."""
    try:
        read(text)
    except ConfigError as error:
        return error
    return None


def in_pyproject(text: str) -> str:
    """Move a config to where pyproject.toml has it: four lines down, below tables that are none of its business."""
    moved = re.sub(r"^(\s*\[\[?\s*)(?=budget|bugdet|rule)", r"\1tool.loopflow.", text, flags=re.MULTILINE)
    return f'[project]\nname = "x"\n\n[tool.loopflow]\n{moved}'


# --- Which value holds ---

VALUES = {
    "encoding": ("o200k_base", "cl100k_base", "from the environment", "from the command line"),
    "against": (None, "main", "from the environment", "from the command line"),
    "baseline": (".loopflow-baseline.json", "stored.json", "from the environment", "from the command line"),
}


@pytest.mark.parametrize("key", VALUES)
@pytest.mark.parametrize("layers", [*product([False, True], repeat=3)])
def test_precedence(key: str, layers: tuple[bool, bool, bool]) -> None:
    """Default < file < environment < command line, for every key that has all four, whichever of them speak."""
    in_file, in_environment, on_command_line = layers
    default, *values = VALUES[key]
    variable = f"LOOPFLOW_{key.upper()}"
    config = resolve(
        {"loopflow.toml": f'# first line\n{key} = "{values[0]}"'.encode()} if in_file else {},
        {variable: values[1]} if in_environment else {},
        {key: values[2]} if on_command_line else {},
    )
    said = [value for value, speaks in zip(values, layers, strict=True) if speaks]
    assert getattr(config, key) == (said[-1] if said else default)
    option = "--baseline-file" if key == "baseline" else f"--{key}"
    origins = [origin for origin, speaks in zip(("loopflow.toml:2", variable, option), layers, strict=True) if speaks]
    assert config.origins.get(key) == (origins[-1] if origins else None)


def test_an_empty_variable_says_nothing() -> None:
    """A variable that is set to nothing is as good as none, and so is an option that was not given."""
    config = resolve({}, {"LOOPFLOW_ENCODING": "", "LOOPFLOW_AGAINST": ""}, {"encoding": None, "against": None})
    assert config == Config()


def test_an_overridden_value_still_has_to_be_right() -> None:
    """What is wrong with the file is said even where the command line makes it no matter."""
    with pytest.raises(ConfigError, match=r"^loopflow\.toml:1: encoding: "):
        resolve({"loopflow.toml": b"encoding = 5"}, {}, {"encoding": "o200k_base"})


# --- Which file it is ---

EVERYTHING = """\
encoding = "cl100k_base"
include = ["src/", "*.md"]
exclude = ["vendor/", "*.lock"]
against = "origin/main"
baseline = "./build/stored.json"

[budget]
total = "1.5M"
growth = "2.5%"

[[rule]]
name = "api"
paths = ["src/api/"]
total = 20_000
file = "0.5k"
growth = "1k"
warn = "80%"
level = "warn"

[[rule]]
name = "words"
types = [".MD", "Makefile"]
file = 0
"""


def without_places(config: Config) -> Config:
    rules = tuple(Rule(*(getattr(rule, key) for key in Rule.__slots__ if key != "places")) for rule in config.rules)
    return Config(config.encoding, config.include, config.exclude, config.against, config.baseline, rules)


def test_everything_that_can_be_said() -> None:
    """Each key is read for what it says."""
    assert without_places(read(EVERYTHING)) == Config(
        encoding="cl100k_base",
        include=("src/", "*.md"),
        exclude=("vendor/", "*.lock"),
        against="origin/main",
        baseline="build/stored.json",
        rules=(
            Rule("budget", total=1_500_000, growth=Allowance(share=Fraction(1, 40))),
            Rule(
                "api",
                paths=("src/api/",),
                total=20_000,
                file=500,
                growth=Allowance(tokens=1_000),
                warn=Fraction(4, 5),
                level=Level.WARN,
            ),
            Rule("words", types=(".md", "Makefile"), file=0),
        ),
    )


def test_both_files_say_the_same() -> None:
    """loopflow.toml and [tool.loopflow] in pyproject.toml have the same keys, and mean the same."""
    there, here = read(in_pyproject(EVERYTHING), "pyproject.toml"), read(EVERYTHING)
    assert without_places(there) == without_places(here)
    assert (there.file, here.file) == ("pyproject.toml", "loopflow.toml")


def test_where_everything_was_said() -> None:
    """Each value knows the line that it comes from, and so does each limit of a rule."""
    config = read(in_pyproject(EVERYTHING), "pyproject.toml")
    assert config.origins == {
        "encoding": "pyproject.toml:5",
        "include": "pyproject.toml:6",
        "exclude": "pyproject.toml:7",
        "against": "pyproject.toml:8",
        "baseline": "pyproject.toml:9",
        "budget": "pyproject.toml:11",
        "rule": "pyproject.toml:15",
    }
    lines = [{key: place.line for key, place in rule.places.items()} for rule in config.rules]
    assert lines == [
        {"": 11, "total": 12, "growth": 13},
        {"": 15, "name": 16, "paths": 17, "total": 18, "file": 19, "growth": 20, "warn": 21, "level": 22},
        {"": 24, "name": 25, "types": 26, "file": 27},
    ]


def test_two_files_are_one_too_many() -> None:
    """Both at once are an error, as nobody could say which one holds; without its table, pyproject.toml is no rival."""
    table = b'[tool.loopflow]\nencoding = "o200k_base"\n'
    with pytest.raises(ConfigError, match=r"both loopflow\.toml and pyproject\.toml") as caught:
        resolve({"loopflow.toml": b"", "pyproject.toml": table}, {}, {})
    assert "not both" in caught.value.hint
    config = resolve({"loopflow.toml": b"", "pyproject.toml": b'[project]\nname = "loopflow"\n'}, {}, {})
    assert config.file == "loopflow.toml"


@pytest.mark.parametrize("name", ["loopflow.toml", "pyproject.toml"])
def test_a_byte_order_mark(name: str) -> None:
    """A file that an editor on Windows has begun with one reads as it does without."""
    table = b"[tool.loopflow]\n" if name == "pyproject.toml" else b""
    assert read(b"\xef\xbb\xbf" + table + b'encoding = "cl100k_base"\n', name).encoding == "cl100k_base"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"[project]\nname = 'x'\n", id="no table"),
        pytest.param(b"[tool.black]\n[project]\nname = 'loopflow'\n", id="no table, though the word"),
        pytest.param(b"tool = 5 # loopflow\n", id="no tools at all"),
        pytest.param(b"[project\nthis is no TOML", id="no TOML, and nothing of ours"),
        pytest.param(b"\xff\xfe no text", id="not UTF-8, and nothing of ours"),
    ],
)
def test_a_pyproject_without_the_table_is_no_config(data: bytes) -> None:
    """A pyproject.toml that does not speak of this program is not read for it, even if it is broken."""
    assert read(data, "pyproject.toml") == Config()


def test_no_file_no_rules() -> None:
    """Without a config file the defaults hold."""
    assert resolve({}, {}, {}) == Config() == Config(encoding="o200k_base", baseline=".loopflow-baseline.json")


# --- Sizes and shares ---


def total_of(value: str) -> int | None:
    """Return the total that `value`, as TOML, stands for; None if that is an error."""
    text = f"[budget]\ntotal = {value}"
    return None if refusal(text) else read(text).rules[0].total


@pytest.mark.parametrize(
    ("value", "tokens"),
    [
        ("400_000", 400_000),
        ('"400_000"', 400_000),
        ('"400k"', 400_000),
        ('"400 K"', 400_000),
        ('"1.5M"', 1_500_000),
        ('"1.000001m"', 1_000_001),
        ('"0.5k"', 500),
        ('"2.0"', 2),
        ("0", 0),
        ('"0"', 0),
        ("1_000_000_000_000_000", 10**15),
        ('"0.1k"', 100),  # which floating point would make 100.00000000000001 of, times three
        ('"1.001k"', 1001),
    ],
)
def test_sizes(value: str, tokens: int) -> None:
    """A number of tokens may be written as one, or as a text with a unit."""
    assert total_of(value) == tokens


IMPOSSIBLE_SIZES = (
    *("-1", "1.5", "1e3", "true", "inf", "nan", "[1]", "{}", "1979-05-27", "1_000_000_000_000_001", "0x" + "f" * 5000),
    *('""', '"1.5"', '"0.0001k"', '"12x"', '"-1"', '"+1"', '"k"', '".5k"', '"5.k"', '"1e3"', '"1,000"', '"_1"', '" 1"'),
    *('"0x10"', '"1kk"', '"1  k"', '"1\\nk"', '"1k\\n"', '"\u0661k"', '"1\u212a"', '"1000000001M"', f'"{"9" * 5000}"'),
)


@pytest.mark.parametrize("value", [*IMPOSSIBLE_SIZES, '"2%"'], ids=lambda value: value[:12])
def test_impossible_sizes(value: str) -> None:
    """What is no whole number of tokens from 0 to 10^15 is none, however it is written."""
    assert total_of(value) is None


@given(st.integers(0, 10**12))
def test_a_unit_is_a_factor(number: int) -> None:
    """A number of k is that number times a thousand, exactly, and of M times a million as far as numbers go."""
    assert total_of(f'"{number}k"') == number * 1_000
    assert total_of(f'"{number}M"') == (number * 10**6 if number <= 10**9 else None)


@given(st.integers(0, 999), st.integers(0, 999_999))
def test_decimals_are_exact(whole: int, millionths: int) -> None:
    """A decimal number of millions is that number of tokens, and no binary fraction of it."""
    assert total_of(f'"{whole}.{millionths:06}M"') == whole * 10**6 + millionths


@pytest.mark.parametrize(
    ("value", "allowed"),
    [
        ('"2.5%"', Allowance(share=Fraction(1, 40))),
        ('"2 %"', Allowance(share=Fraction(1, 50))),
        ('"0%"', Allowance(share=Fraction(0))),
        ('"250%"', Allowance(share=Fraction(5, 2))),
        ('"0.1%"', Allowance(share=Fraction(1, 1000))),
        ('"5k"', Allowance(tokens=5_000)),
        ("5_000", Allowance(tokens=5_000)),
        ("0", Allowance(tokens=0)),
    ],
)
def test_growth_is_a_share_or_tokens(value: str, allowed: Allowance) -> None:
    """A share is an exact fraction ("2.5%" is 1/40), and tokens are tokens."""
    assert read(f"[budget]\ngrowth = {value}").rules[0].growth == allowed


# --- What is wrong, and where ---

GOOD_RULE = '[[rule]]\nname = "first"\npaths = ["src/"]\ntotal = 1\n'
NEW_RULE = '[[rule]]\nname = "x"\npaths = ["x/"]\n'

# A config, the key that the error is about, its line, what the error says, what its hint says, and whether a schema can
# tell. Where rules are repeated, the second one is the bad one.
Bad = tuple[str, str, int, str, str, bool]
BAD: dict[str, Bad] = {
    "a misspelt key": ('encodng = "o200k_base"', "encodng", 1, "no such key", "did you mean encoding?", True),
    "a key of nobody's": ("zzzzzzz = 1", "zzzzzzz", 1, "no such key", "the keys here are against, baseline,", True),
    "a misspelt table": ("\n[bugdet]\ntotal = 1", "bugdet", 2, "no such key", "did you mean budget?", True),
    "a misspelt limit": ("[budget]\ntotl = 1", "budget.totl", 2, "no such key", "did you mean total?", True),
    "a rule's key in the budget": ('[budget]\ntotal = 1\npaths = ["a"]', "budget.paths", 3, "no such", "file, g", True),
    "a misspelt key of a rule": (f'{NEW_RULE}pth = ["a"]', "rule.pth", 4, "no such key", "did you mean paths?", True),
    "a table in a rule": (f"{NEW_RULE}total = 1\n[rule.limits]\nfile = 1", "rule.limits", 5, "no such", "file,", True),
    "encoding: a number": ("encoding = 5", "encoding", 1, "5 is not a text", "encoding =", True),
    "encoding: nothing": ('encoding = ""', "encoding", 1, "'' is not a text", "encoding =", True),
    "encoding: an unknown one": ('encoding = "o20"', "encoding", 1, "no encoding 'o20'", "o200k_base, cl100k", True),
    "include: a text": ('include = "src/"', "include", 1, "'src/' is not a list of texts", "include = [", True),
    "include: a number in it": ("include = [1]", "include", 1, "is not a list of texts", "include = [", True),
    "include: nothing in it": ('include = ["a", ""]', "include", 1, "is not a list of texts", "include = [", True),
    "include: no pattern": ('include = ["a["]', "include", 1, "'a[' is not a pattern", "gitignore", False),
    "exclude: a table": ("exclude = {a = 1}", "exclude", 1, "is not a list of texts", "exclude = [", True),
    "exclude: no pattern": ('\nexclude = [\n"a",\n"!"]', "exclude", 2, "'!' is not a pattern", "gitignore", False),
    "against: true": ("against = true", "against", 1, "true is not a text", "against =", True),
    "against: blanks": ('against = " \\t"', "against", 1, "is not a text", "against =", True),
    "against: a list": ('against = ["a"]', "against", 1, "is not a text", "against =", True),
    "baseline: a date": ("baseline = 2020-02-02", "baseline", 1, "is not a text", "baseline =", True),
    "baseline: absolute": ('baseline = "/etc/x"', "baseline", 1, "'/etc/x' is not a file below", "relative", True),
    "baseline: above": ('baseline = "../x"', "baseline", 1, "'../x' is not a file below", "relative", True),
    "baseline: up again": ('baseline = "a/../../x"', "baseline", 1, "is not a file below", "relative", True),
    "baseline: a directory": ('baseline = "a/"', "baseline", 1, "'a/' is not a file below", "relative", True),
    "baseline: the root": ('baseline = "."', "baseline", 1, "'.' is not a file below", "relative", True),
    "baseline: half a character": ('baseline = "a\\u0000"', "baseline", 1, "'a\\x00' is not", "baseline =", False),
    "budget: a number": ("budget = 5", "budget", 1, "is a table", "[budget]", True),
    "budget: several": ("[[budget]]\ntotal = 1", "budget", 1, "is a table", "[budget]", True),
    "budget: no limits": ('\n\n[budget]\nlevel = "warn"', "budget", 3, "limits nothing", "total, file or growth", True),
    "rule: a number": ("rule = 5", "rule", 1, "is a list of tables", "[[rule]] with two brackets", True),
    "rule: one bracket": ('[rule]\nname = "x"', "rule", 1, "is a list of tables", "[[rule]]", True),
    "rule: numbers": ("rule = [1]", "rule", 1, "is a list of tables", "[[rule]]", True),
    "rule: no name": ('[[rule]]\npaths = ["a"]\ntotal = 1', "rule", 1, "has no name", "name =", True),
    "rule: a number as its name": ("[[rule]]\nname = 5", "rule.name", 2, "5 is not a text", "name =", True),
    "rule: an empty name": ('[[rule]]\nname = ""', "rule.name", 2, "'' is not a text", "name =", True),
    "rule: no limits": (NEW_RULE, "rule", 1, "'x' limits nothing", "total, file or growth", True),
    "rule: about nothing": ('[[rule]]\nname = "x"\ntotal = 1', "rule", 1, "'x' does not say what", "paths or ty", True),
    "rule: about no paths": (
        '[[rule]]\nname = "x"\nfile = 1\npaths = []\ntypes = []', "rule", 1, "does not say what", "paths or types", True
    ),
    "rule: no pattern": ('[[rule]]\nname = "x"\ntotal = 1\npaths = ["#"]', "rule.paths", 4, "'#' is not", "git", False),
    "rule: a text for paths": ('[[rule]]\nname = "x"\ntotal = 1\npaths = "a"', "rule.paths", 4, "not a", "[", True),
    "rule: a text for types": ('[[rule]]\nname = "x"\ntotal = 1\ntypes = ".md"', "rule.types", 4, "not a", "[", True),
    "rule: a number for a type": ('[[rule]]\nname = "x"\ntotal = 1\ntypes = [1]', "rule.types", 4, "not a", "[", True),
    "rule: a name twice": (NEW_RULE + "total = 1\n" + NEW_RULE + "file = 1", "rule.name", 6, "named 'x'", "own", False),
    "rule: the budget's name": (
        '[budget]\ntotal = 1\n[[rule]]\npaths = ["a"]\nname = "budget"\ntotal = 1',
        "rule.name", 5, "two rules named 'budget'", "a name of its own", False,
    ),
    "level: another word": ('[budget]\ntotal = 1\nlevel = "error"', "budget.level", 3, "'error' is no", '"fail"', True),
    "level: true": (f"{NEW_RULE}total = 1\nlevel = true", "rule.level", 5, "true is no level", '"warn"', True),
    "level: a list": ('[budget]\ntotal = 1\nlevel = ["fail"]', "budget.level", 3, "is no level", '"fail"', True),
}  # fmt: skip
for _value in ('"0%"', '"0.0%"', '"101%"', '"100.1%"', '"-5%"', '"90"', "90", "0.9", "true", '"%"'):
    BAD[f"warn: {_value}"] = (
        f"[budget]\ntotal = 1\nwarn = {_value}", "budget.warn", 3, "is no share of a limit", '"1%" to "100%"', True
    )  # fmt: skip
for _scope in ("total", "file", "growth"):
    _said = "is no allowance" if _scope == "growth" else "is no number of tokens"
    for _value in ("-1", "1.5", "true", "[1]", '"1.5"', '"0.0001k"', '"12x"', '"-2%"', '"2%%"', '"half"'):
        BAD[f"{_scope}: {_value}"] = f"[budget]\n{_scope} = {_value}", f"budget.{_scope}", 2, _said, '"', True
        BAD[f"a rule's {_scope}: {_value}"] = f"{NEW_RULE}{_scope} = {_value}", f"rule.{_scope}", 4, _said, '"', True
for _scope in ("total", "file"):
    BAD[f"{_scope}: a share"] = f'[budget]\n{_scope} = "2%"', f"budget.{_scope}", 2, "'2%' is no", '"400k"', True
for _name, _value in (("a float", "1e3"), ("huge", '"1000000001M"'), ("digits", '"' + "9" * 5000 + '"')):
    BAD[f"total: {_name}"] = f"[budget]\ntotal = {_value}", "budget.total", 2, "is no number", '"400k"', False
BAD["total: a huge number"] = f"[budget]\ntotal = 0x{'f' * 3000}", "budget.total", 2, "is no number", '"400k"', True

EVERY_BAD = pytest.mark.parametrize("bad", BAD.values(), ids=BAD)


@EVERY_BAD
def test_an_error_names_the_key_the_file_and_the_line(bad: Bad) -> None:
    """Whatever is wrong, the message says with which key, in which file and line, and there is a way out."""
    text, key, line, said, hint, _ = bad
    error = complaint(text)
    assert error.message.startswith(f"loopflow.toml:{line}: {key}: ")
    assert said in error.message
    assert hint in error.hint


@EVERY_BAD
def test_and_so_below_tool_loopflow(bad: Bad) -> None:
    """In pyproject.toml, it is the line and the key there, whatever stands in tables of the same names above it."""
    text, key, line, said, hint, _ = bad
    above = '[budget]\ntotal = "x"\n[[rule]]\nname = 5\n[tool.other]\nencoding = 1\n[[tool.other.rule]]\ntotal = 1\n'
    error = complaint(above + in_pyproject(text), "pyproject.toml")
    assert error.message.startswith(f"pyproject.toml:{line + 12}: tool.loopflow.{key}: ")
    assert said in error.message
    assert hint in error.hint


@pytest.mark.parametrize("bad", [bad for bad in BAD.values() if bad[0].startswith("[[rule]]")])
def test_and_so_in_the_second_rule(bad: Bad) -> None:
    """The line is that of the rule that is wrong, not of one before it that has the same key."""
    text, key, line, *_ = bad
    assert complaint(GOOD_RULE + text).message.startswith(f"loopflow.toml:{line + 4}: {key}: ")
    moved = complaint(in_pyproject(GOOD_RULE + text), "pyproject.toml")
    assert moved.message.startswith(f"pyproject.toml:{line + 8}: tool.loopflow.{key}: ")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        pytest.param("budget.total = -1", "1: budget.total", id="a dotted key"),
        pytest.param("\nbudget = {file = 1, total = -1}", "2: budget.total", id="a table on one line"),
        pytest.param(
            '\nrule = [\n  {name = "a", paths = ["a"], total = 1},\n  {name = "b", total = -1},\n]',
            "2: rule.total",
            id="rules in a list: where it begins",
        ),
        pytest.param('[budget]\n"total" = -1', "2: budget.total", id="a key in quotes"),
        pytest.param("[ 'budget' ]  # all\n  total\t= -1", "2: budget.total", id="blanks, quotes and comments"),
        pytest.param("# total = 1\n[budget]\n#total = 1\ntotal = -1", "4: budget.total", id="in comments before"),
        pytest.param("[budget]\r\nfile = 1\r\ntotal = -1\r\n", "3: budget.total", id="line ends of Windows"),
        pytest.param("# \u2028 \x85 \u2029\n[budget]\ntotal = -1", "3: budget.total", id="other line ends are none"),
        pytest.param(
            '[[rule]]\npaths = [\n"total = 1",\n"total.py",\n\'total\',\n]\nname = "x"\ntotal = -1',
            "8: rule.total",
            id="patterns that look like the key",
        ),
        pytest.param('exclude = [\n"a",\n"[budget]",\n]\n[budget]\ntotal = -1', "6: budget.total", id="like the table"),
        pytest.param("[budget]\ntotals = 1\ntotal = -1", "2: budget.totals", id="a key that begins with another"),
        pytest.param("[budget.total]\nx = 1", "1: budget.total", id="a table where a number should be"),
        pytest.param("[budget]\nfile = 1\ntotal.x = 1", "3: budget.total", id="the same, dotted"),
    ],
)
def test_lines_of_what_is_written_otherwise(text: str, place: str) -> None:
    """However TOML lets a key be written, its line is found, and nothing that only looks like it."""
    assert complaint(text).message.startswith(f"loopflow.toml:{place}: ")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[tool]\nloopflow = 5", "2: tool.loopflow"),
        ("[[tool.loopflow]]\nencoding = 'x'", "1: tool.loopflow"),
        ("[tool]\nx = 1\nloopflow.encoding = 5", "3: tool.loopflow.encoding"),
        ("tool.loopflow.budget.total = -1", "1: tool.loopflow.budget.total"),
        ("[tool.loopflow.budget]\ntotal = -1", "2: tool.loopflow.budget.total"),
        ("[tool.loopflow]\n[tool.x]\nbudget = 1\n[tool.loopflow.bugdet]", "4: tool.loopflow.bugdet"),
    ],
)
def test_lines_in_pyproject(text: str, place: str) -> None:
    """The table may be written in several ways there, too."""
    assert complaint(text, "pyproject.toml").message.startswith(f"pyproject.toml:{place}: ")


_FILLERS = st.lists(
    st.sampled_from(["", "# total = 1", "  ", "#[[rule]]", 'types = [\n  ".md",\n  "total.py",\n]', "level = 'fail'"]),
    max_size=4,
    unique=True,
)


@given(fillers=st.lists(_FILLERS, min_size=1, max_size=5), wrong=st.data())
def test_the_line_of_any_rule_among_many(fillers: list[list[str]], wrong: st.DataObject) -> None:
    """Among any number of rules, with anything between, the one line that is wrong is the one that is named."""
    bad = wrong.draw(st.integers(0, len(fillers) - 1))
    lines: list[str] = []
    expected = 0
    for number, filler in enumerate(fillers):
        lines += ["[[rule]]", f"name = 'rule {number}'", "paths = ['a']", *"\n".join(filler).split("\n")]
        lines.append("total = -1" if number == bad else "total = 1")
        expected = len(lines) if number == bad else expected
    assert complaint("\n".join(lines)).message.startswith(f"loopflow.toml:{expected}: rule.total: ")


@pytest.mark.parametrize("name", ["loopflow.toml", "pyproject.toml"])
@pytest.mark.parametrize(
    ("data", "said"),
    [
        pytest.param(b"# loopflow\n\n# caf\xe9\nencoding = 1", r"^{}:3: this is not UTF-8$", id="not UTF-8"),
        pytest.param(b"# loopflow\nencoding o200k", r"^{} is not TOML: .*line 2", id="not TOML"),
        pytest.param(b"# loopflow\na = 1\na = 2\nb = 3\n", r"^{} is not TOML: .*line 3", id="a key twice"),
        pytest.param(b"# loopflow\na = " + b"[" * 9000, r"^{} is not TOML: ", id="deeper than anybody writes"),
        pytest.param(b"# loopflow\na = " + b"9" * 9000, r"^{} is not TOML: ", id="a number longer than anybody reads"),
    ],
)
def test_what_is_no_toml(name: str, data: bytes, said: str) -> None:
    """A file that is no TOML is an error that says where; in pyproject.toml, if it speaks of this program."""
    error = complaint(data, name)
    assert re.search(said.format(re.escape(name)), error.message)
    assert error.hint


def test_what_is_no_toml_cannot_act_in_a_log() -> None:
    """What the parser shows of a file is escaped as a name is: a runner obeys commands anywhere in a line."""
    assert "##[" not in complaint('["##[error]x"]\n["##[error]x"]\n', "loopflow.toml").message


@pytest.mark.parametrize("text", ['encoding = "\\u001b[2J"', '"\\u202ekey\\n" = 1', 'rule = "\\u009b"'])
def test_errors_are_one_harmless_line(text: str) -> None:
    """Whatever a file contains, what is said of it cannot act on a terminal; nor can the file's own name."""
    error = complaint(text, "a\nb\x1b.toml")
    assert (error.message + error.hint).isprintable()
    assert error.message.startswith("a\\nb\\x1b.toml:1: ")


@given(st.text(max_size=60) | st.sampled_from([EVERYTHING, GOOD_RULE]).flatmap(st.permutations).map("".join))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever stands in the file, it is a config or a ConfigError, and nothing else is raised."""
    error = refusal(text)
    assert error is None or (error.hint and error.message.isprintable())


@given(st.sampled_from(EVERYTHING.splitlines()), st.sampled_from(EVERYTHING.splitlines()), st.integers(0, 500))
def test_a_damaged_file_is_read_or_refused(cut: str, twice: str, at: int) -> None:
    """A file with a line gone, one twice and one cut in two is a config or a ConfigError."""
    text = EVERYTHING.replace(cut, "", 1).replace(twice, f"{twice}\n{twice}", 1)
    error = refusal(text[:at] + "\n" + text[at:])
    assert error is None or (error.hint and error.message.isprintable())


# --- What --show-config prints ---

_TEXTS = st.text(min_size=1, max_size=6).filter(lambda text: text.strip() and "\0" not in text)
_LISTS = st.lists(_TEXTS.map(lambda text: f"x{text.replace('[', '')}x"), min_size=1, max_size=2)
_LIMITS = st.integers(0, 9_999_999) | st.sampled_from(["2.5%", "0.0001%", "1000000%", "1.5M"])
_RULES = st.fixed_dictionaries(
    {"name": _TEXTS, "growth": _LIMITS, "warn": st.sampled_from(["90%", "33.3333333%"])},
    optional={"paths": _LISTS, "types": _LISTS, "total": st.integers(0, 10**15), "level": st.sampled_from(list(Level))},
).filter(lambda rule: "paths" in rule or "types" in rule)


def quote(value: object) -> str:
    """Write a value as TOML."""
    if isinstance(value, list):
        return f"[{', '.join(map(quote, value))}]"
    if isinstance(value, int):
        return str(value)
    return '"' + "".join(f"\\U{ord(char):08x}" for char in str(value)) + '"'


@given(_TEXTS, _LISTS, st.lists(_RULES, max_size=3, unique_by=lambda rule: rule["name"]))
def test_what_is_shown_says_the_same(against: str, patterns: list[str], rules: list[dict[str, object]]) -> None:
    """What is shown of a config is a config file that says the same, whatever it contains, and harmless to print."""
    lines = [f"against = {quote(against)}", f"exclude = {quote(patterns)}"]
    for rule in rules:
        lines += ["[[rule]]", *(f"{key} = {quote(value)}" for key, value in rule.items())]
    config = read("\n".join(lines))
    shown = list(render_config(config))
    assert without_places(read("\n".join(shown))) == without_places(config)
    assert all(line.isprintable() for line in shown)


# --- The schema for editors ---

GOOD = {
    "nothing": "",
    "everything": EVERYTHING,
    "no patterns": "include = []\nexclude = []",
    "an empty list of rules": "rule = []",
    "every limit": '[budget]\ntotal = 0\nfile = "1_000"\ngrowth = "0.5%"\nwarn = "0.5%"\nlevel = "fail"',
    "all of a limit": '[budget]\ntotal = "1.000001M"\nwarn = "100.0%"',
    "a rule with both": '[[rule]]\nname = " x\\n"\npaths = ["a"]\ntypes = []\ngrowth = 0',
    "a rule of the budget's name": '[[rule]]\nname = "budget"\ntypes = [".py"]\nfile = "1.50k"',
    "in tables on one line": 'budget = {total = 1}\nrule = [{name = "a", types = [".a"], total = 1}]',
    "a baseline in a directory": 'baseline = "./a b/..c/.x"',
}


@cache
def schema() -> Draft202012Validator:
    document: dict[str, Any] = json.loads(SCHEMA_FILE.read_text("utf-8"))
    Draft202012Validator.check_schema(document)
    return Draft202012Validator(document)


def is_valid(text: str) -> bool:
    return schema().is_valid(tomllib.loads(text))


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD)
def test_what_is_good_is_good_for_both(text: str) -> None:
    """What the parser accepts, the schema finds nothing wrong with."""
    read(text)
    assert [error.message for error in schema().iter_errors(tomllib.loads(text))] == []


@EVERY_BAD
def test_what_is_bad_is_bad_for_both(bad: Bad) -> None:
    """What the parser refuses, the schema refuses as well, wherever a schema can tell."""
    text, *_, schema_can_tell = bad
    assert is_valid(text) is not schema_can_tell


@given(st.text("0159._ kKmM%-x", max_size=8), st.sampled_from(["total", "growth", "warn"]))
def test_both_read_the_same_sizes_and_shares(value: str, key: str) -> None:
    """Any text is a size, an allowance or a share for both, or for neither."""
    text = f'[budget]\nfile = 1\n{key} = "{value}"'
    assert is_valid(text) is (refusal(text) is None)


@given(st.lists(st.sampled_from(["", ".", "..", "a", " ", "..b", ".c"]), min_size=1, max_size=4).map("/".join))
def test_both_read_the_same_paths(path: str) -> None:
    """Any path is one of a baseline below the root for both, or for neither."""
    text = f'baseline = "{path}"'
    assert is_valid(text) is (refusal(text) is None)


def keys_of(table: str) -> Mapping[str, Any]:
    """Return the keys that the schema knows in a table, "" for the top."""
    document: Any = schema().schema
    found: Mapping[str, Any] = (document["$defs"][table] if table else document)["properties"]
    return found


@pytest.mark.parametrize(
    ("table", "text"),
    [("", "zzzzzzz = 1"), ("budget", "[budget]\nzzzzzzz = 1"), ("rule", "[[rule]]\nzzzzzzz = 1")],
)
def test_both_know_the_same_keys(table: str, text: str) -> None:
    """Each key that the parser knows is in the schema, and the other way round, table by table."""
    assert complaint(text).hint == f"the keys here are {', '.join(sorted(keys_of(table)))}"


def test_every_key_is_described_and_no_other_is_allowed() -> None:
    """An editor can say of each key what it is for, and underline one that is none."""
    document: Any = schema().schema
    for table in ("", "budget", "rule"):
        assert (document["$defs"][table] if table else document)["additionalProperties"] is False
        for key, value in keys_of(table).items():
            described = document["$defs"][value["$ref"].rpartition("/")[2]] | value if "$ref" in value else value
            assert len(described.get("description", "")) > len(key)


def test_the_defaults_of_the_schema_are_those_of_the_parser() -> None:
    """What the schema says holds without a key is what holds without it."""
    config = Config()
    assert keys_of("")["encoding"]["default"] == config.encoding
    assert keys_of("")["baseline"]["default"] == config.baseline
    document: Any = schema().schema
    limits = {key: document["$defs"][key]["default"] for key in ("warn", "level")}
    [written] = read("[budget]\ntotal = 1\n" + "\n".join(f'{key} = "{value}"' for key, value in limits.items())).rules
    [unsaid] = read("[budget]\ntotal = 1").rules
    assert (written.warn, written.level) == (unsaid.warn, unsaid.level)
