"""Rules that a change brings in, and what it does to those there are: in a commit, and in a merge of two sides."""

from contextlib import suppress

import pytest

from tests.support.builder import Repo
from tests.support.charts import words
from tests.support.run import run

SOURCES = [pytest.param((), id="work tree"), pytest.param(("--staged",), id="staged")]
RULE = "[budget]\ntotal = {}\n"


def verdicts(repo: Repo, *options: str) -> dict[str, str]:
    result = run("--profile", "--check", "--format", "json", *options, cwd=repo.root)
    assert result.code in {0, 1}, result.err
    return {f"{rule['name']}, {rule['scope']}": rule["status"] for rule in result.json["rules"]}


@pytest.fixture
def project(repo: Repo) -> Repo:
    repo.track({"src/a.py": words(900), "b.py": words(100)}).commit()
    return repo


@pytest.mark.parametrize("options", SOURCES)
@pytest.mark.parametrize("name", ["loopflow.toml", "pyproject.toml"])
@pytest.mark.parametrize("total", [500, 1_000])
def test_a_rule_inherits_what_is_over_when_it_comes(
    project: Repo, options: tuple[str, ...], name: str, total: int
) -> None:
    """Also where only the config file's own tokens put it over: they are the price of the rule."""
    text = RULE.format(total)
    project.track({name: text.replace("[", "[tool.loopflow.") if name == "pyproject.toml" else text})
    assert verdicts(project, *options) == {"budget, total": "inherited"}
    project.track({"more.py": words(1)})
    assert verdicts(project, *options) == {"budget, total": "fail"}
    project.git("rm", "--quiet", "--cached", "more.py")
    (project.root / "more.py").unlink()
    project.commit("rule")
    project.track({"more.py": words(1)})
    assert verdicts(project, *options) == {"budget, total": "fail"}


def test_a_rule_that_was_there_does_not_inherit_what_the_config_gained(project: Repo) -> None:
    """A new rule beside it excuses nothing of an old one."""
    project.track({"loopflow.toml": '[[rule]]\nname = "old"\npaths = ["/*.toml"]\ntotal = 60\n'}).commit()
    new = "".join(f"# line {number} of a remark\n" for number in range(30))
    project.track({"loopflow.toml": f'[[rule]]\nname = "old"\npaths = ["/*.toml"]\ntotal = 60\n{new}{RULE.format(5)}'})
    assert verdicts(project, "--staged") == {"budget, total": "inherited", "old, total": "fail"}


def remarks(repo: Repo) -> list[str]:
    printed = run("--profile", "--staged", "--check", cwd=repo.root).out
    return [line for line in printed.splitlines() if "raises the" in line]


def merging(repo: Repo, one: str, two: str, merged: str) -> None:
    """Stand in a merge of two sides with a config each, resolved to a third."""
    repo.track({"loopflow.toml": RULE.format(5_000)}).commit()
    for name, text in (("two", two), ("one", one)):
        repo.git("checkout", "--quiet", "-B", name, "main")
        repo.track({"loopflow.toml": text, f"{name}.py": words(3)}).commit(name)
    with suppress(AssertionError):  # it conflicts
        repo.git("merge", "--quiet", "--no-commit", "--no-ff", "two")
    repo.track({"loopflow.toml": merged})


@pytest.mark.parametrize(
    ("one", "two", "merged", "number"),
    [
        pytest.param(5_000, 9_000, 9_000, 0, id="a side had raised it"),
        pytest.param(5_500, 6_000, 9_000, 1, id="the merge raised it"),
        pytest.param(5_000, 6_000, 5_000, 0, id="nobody raised it"),
    ],
)
def test_a_merge_is_told_what_it_did_to_the_rules_itself(
    project: Repo, one: int, two: int, merged: int, number: int
) -> None:
    """A limit that a side had raised was raised there; one that no side has is this merge's."""
    merging(project, RULE.format(one), RULE.format(two), RULE.format(merged))
    assert len(remarks(project)) == number


@pytest.mark.parametrize(
    ("saved", "growth"),
    [
        pytest.param(("two",), 13, id="on one side: an entry as that side has it holds"),
        pytest.param(("one", "two"), 10, id="on both sides: each entry as its side has it"),
        pytest.param((), 16, id="before both"),
    ],
)
def test_a_baseline_in_a_merge_is_that_of_its_sides(project: Repo, saved: tuple[str, ...], growth: int) -> None:
    """An entry counts as a tip has it if it is that now, and else as the lowest of the tips."""
    project.track({"loopflow.toml": 'exclude = ["*.toml"]\n[budget]\ngrowth = 1_000\n'})
    project.commit()
    assert run("--profile", "--save-baseline", "--staged", cwd=project.root).code == 0
    project.track().commit()
    for name in ("two", "one"):
        project.git("checkout", "--quiet", "-B", name, "main")
        project.track({f"{name}.py": words(3, name[0])})
        if name in saved:
            assert run("--profile", "--save-baseline", "--staged", cwd=project.root).code == 0
        project.track().commit(name)
    project.git("merge", "--quiet", "--no-commit", "--no-ff", "two")
    project.track({"own.py": words(10, "o")})
    result = run("--profile", "--staged", "--check", "--baseline", "--format", "json", cwd=project.root)
    assert result.json["rules"][0]["value"] == growth


# --- What pre-commit says ---


@pytest.mark.parametrize(
    ("variables", "value"),
    [
        pytest.param({"PRE_COMMIT": "1", "PRE_COMMIT_FROM_REF": "main", "PRE_COMMIT_TO_REF": "HEAD"}, 40, id="a range"),
        pytest.param({"PRE_COMMIT": "1", "PRE_COMMIT_FROM_REF": "HEAD~1", "PRE_COMMIT_TO_REF": "HEAD"}, 20, id="one"),
        pytest.param({"PRE_COMMIT": "1", "PRE_COMMIT_FROM_REF": "HEAD", "PRE_COMMIT_TO_REF": "main"}, 0, id="turned"),
        pytest.param({"PRE_COMMIT_FROM_REF": "main", "PRE_COMMIT_TO_REF": "HEAD"}, 5, id="nobody says pre-commit"),
        pytest.param(
            {
                "PRE_COMMIT": "1",
                "PRE_COMMIT_FROM_REF": "main",
                "PRE_COMMIT_TO_REF": "HEAD",
                "PRE_COMMIT_CHECKOUT_TYPE": "1",
            },
            5,
            id="a checkout",
        ),
        pytest.param({"PRE_COMMIT": "1"}, 5, id="no range"),
    ],
)
def test_a_range_that_pre_commit_names_is_judged(project: Repo, variables: dict[str, str], value: int) -> None:
    """`pre-commit run --from-ref A --to-ref B` asks for B since it left A, whatever is staged."""
    project.track({"loopflow.toml": 'exclude = ["*.toml"]\n[budget]\ngrowth = 1_000\n'}).commit()
    project.git("checkout", "--quiet", "-b", "work")
    for name in ("x", "y"):
        project.track({f"{name}.py": words(20, name)}).commit(name)
    project.track({"staged.py": words(5, "s")})
    arguments = ("--profile", "--staged", "--check", "--format", "json")
    found = run(*arguments, cwd=project.root, env=variables).json["rules"][0]["value"]
    assert found == value
