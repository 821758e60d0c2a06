"""`loopflow logs simulate`: settings are tried, and the cheapest that keeps all comes first."""

import gzip
from pathlib import Path

import pytest

from loopflow.cli.logs import logs
from loopflow.logs.examples import Example, make_example
from loopflow.logs.presets import PRESETS
from loopflow.logs.settings import LogSettings
from loopflow.logs.simulating import CHUNK_SIZES, LOWEST, Trial, Variant, list_variants, rank, simulate
from tests.support.reducing import counter
from tests.support.run import Result, run

NOISE = "".join(f"step {number} is done\n" for number in range(60))
LOG = f"{NOISE}ValueError: one\n{NOISE}KeyError: two\n"


def call(cwd: Path, *arguments: str, stdin: bytes = b"") -> Result:
    return run("simulate", *arguments, cwd=cwd, stdin=stdin, command=logs)


def trial(kept: int, tokens: int) -> Trial:
    return Trial(Variant(f"{kept} {tokens}", LogSettings(tokens)), kept, 3, tokens, 900, 0.1)


def test_every_combination_is_tried() -> None:
    """Each once, and all else is as it was asked for."""
    variants = list_variants({"fit": 500, "redact": False, "preset": "monitoring", "keep": "fold"})
    assert len({each.settings for each in variants}) == len(variants) == 5 * len(CHUNK_SIZES) * len(LOWEST)
    assert len({each.name for each in variants}) == len(variants)
    assert {each.settings.preset for each in variants} == set(PRESETS)
    assert {(each.settings.fit, each.settings.redact, each.settings.keep) for each in variants} == {
        (500, False, "digest")
    }


def test_the_best_comes_first() -> None:
    """What keeps most, then what has fewest tokens, then what was tried first."""
    trials = [trial(2, 10), trial(3, 80), trial(3, 70), trial(0, 1), trial(3, 70)]
    assert rank(trials) == [trials[2], trials[4], trials[1], trials[0], trials[3]]
    assert rank(trials)[2] is trials[1]


def test_failures_that_are_known_are_looked_for() -> None:
    """By their marks, in what is printed; of other logs the critical ones, as they are found."""
    known = make_example("trace", 30_000)
    variant = Variant("x", LogSettings(2_000, priority_filter="high"))
    hidden = Variant("y", LogSettings(2_000, priority_filter="critical"))
    first, second = simulate([known], [variant, hidden], counter())
    assert (first.kept, first.failures, first.keeps_all) == (20, 20, True)
    assert (second.kept, second.failures, second.keeps_all) == (0, 20, False)
    [of_file] = simulate([Example("a", LOG.encode(), ())], [variant], counter())
    assert (of_file.kept, of_file.failures) == (2, 2)
    assert of_file.tokens < of_file.before


def test_a_log_of_the_user(tmp_path: Path) -> None:
    """The ten best and a verdict; all with -v; nothing is remembered."""
    (tmp_path / "a.log").write_text(LOG)
    result = call(tmp_path, "a.log", "--target-tokens", "300")
    assert (result.code, result.err) == (0, "")
    head, *shown, verdict = result.out.splitlines()
    assert head.split() == ["settings", "failures", "tokens", "less", "seconds"]
    assert len(shown) == 10
    assert verdict.startswith("best: ")
    assert ": every failure, " in verdict
    many = len(list_variants({}))
    rows = call(tmp_path, "-", "--fit", "300", "--format", "json", stdin=LOG.encode()).json["trials"]
    assert [row["kept"] for row in rows] == [2] * many


def test_what_is_high_is_a_failure_too(tmp_path: Path) -> None:
    """And where nothing failed, that is said."""
    (tmp_path / "a.log").write_text(f"{NOISE}src/a.ts(3,7): error TS2322: it is no number\n{NOISE}")
    row = call(tmp_path, "a.log", "--fit", "300", "--format", "json").json["trials"][0]
    assert (row["kept"], row["failures"]) == (1, 1)
    (tmp_path / "b.log").write_text("one\ntwo\n")
    assert call(tmp_path, "b.log", "--fit", "300").out.splitlines()[-1].startswith("nothing failed; ")


def test_the_best_settings_can_be_saved(tmp_path: Path) -> None:
    """If they keep every failure; then they are a configuration like any other."""
    (tmp_path / "a.log").write_text(LOG)
    result = call(tmp_path, "a.log", "--fit", "300", "--save", "best")
    assert result.err == "logs simulate: saved as .loopflow/logs/best.toml\n"
    name = result.out.splitlines()[1].split(",")[0]
    saved = run("a.log", "--load-config", "best", "--format", "json", cwd=tmp_path, command=logs).json
    assert (saved["preset"], saved["budget"]["fit"]) == (name, 300)
    (tmp_path / "b.log").write_text("".join(f"ValueError: no {'x' * number} of it\n" for number in range(40)))
    refused = call(tmp_path, "b.log", "--fit", "90", "--save", "other")
    assert refused.code == 1
    assert "nothing is saved" in refused.err
    assert run("configs", cwd=tmp_path, command=logs).out.count("  saved  ") == 1


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("missing.log",), 2, "missing.log cannot be read"),
        ((".",), 2, ". is a directory"),
        (("a.log", "b.log"), 2, "unexpected extra argument (b.log)"),
        (("cut.gz",), 2, "cut.gz"),
        (("missing.log", "--save", "../x"), 2, "'../x' cannot be the name of a configuration"),
        (("a.log", "--fit", "few"), 2, "--target-tokens"),
        (("a.log", "--fit", "5"), 1, "is the least that works"),
    ],
)
def test_what_cannot_be_done_is_one_line(arguments: tuple[str, ...], code: int, said: str, tmp_path: Path) -> None:
    """It says what is wrong."""
    (tmp_path / "a.log").write_text(LOG)
    (tmp_path / "cut.gz").write_bytes(gzip.compress(LOG.encode())[:-20])
    result = call(tmp_path, *arguments)
    assert (result.code, result.out, result.err.count("\n")) == (code, "", 1)
    assert said in result.err


@pytest.mark.long
def test_without_a_log_five_kinds_are_made(tmp_path: Path) -> None:
    """Every failure that is known is kept in some way, in a tenth of the tokens."""
    verdict = call(tmp_path).out.splitlines()[-1]
    assert verdict.startswith("best: ")
    assert "every failure" in verdict
