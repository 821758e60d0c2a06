"""`loopflow function --format github`: annotations beside the code, and the context in the summary of the step."""

from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from loopflow.cli.function import function
from tests.support.builder import Repo
from tests.support.run import Result, run
from tests.support.workflow import Command, find_commands

TAX = "RATE = 2\n\n\ndef rate_for(country):\n    return look_up(country) * RATE\n\n\ndef look_up(country): ...\n"
CART = "from shop.tax import rate_for\n\n\ndef total(country):\n    return 2 * rate_for(country)\n"
RATE_FOR = "shop/tax.py:rate_for"


@pytest.fixture
def shop(repo: Repo) -> Repo:
    """Return a repository with a commit, and a change that is not staged."""
    repo.track({"shop/__init__.py": "", "shop/tax.py": TAX, "shop/cart.py": CART}).commit()
    repo.write("shop/tax.py", TAX.replace("* RATE", "/ RATE"))
    return repo


@pytest.fixture
def summary(tmp_path: Path) -> Path:
    """Return where the summary of the step is."""
    return tmp_path / "summary.md"


def call(repo: Repo, summary: Path, *arguments: str) -> Result:
    """Call the command in a job of GitHub."""
    job = {"GITHUB_STEP_SUMMARY": str(summary)}
    return run(*arguments, "--format", "github", cwd=repo.root, env=job, command=function)


def read(result: Result) -> list[Command]:
    """Return the commands that were printed: every line is one."""
    found = find_commands(result.out)
    assert len(found) == len(result.out.splitlines())
    return [each for each in found if isinstance(each, Command)]


def test_a_function_is_a_notice_and_its_context_the_summary(shop: Repo, summary: Path) -> None:
    """The notice stands at the function; the summary is what text has."""
    text = run(RATE_FOR, cwd=shop.root, command=function).out
    [told] = read(call(shop, summary, RATE_FOR))
    assert (told.name, told.properties) == ("notice", {"file": "shop/tax.py", "line": "4", "title": "Function"})
    assert told.message.startswith(f"{RATE_FOR} needs ")
    assert summary.read_text("utf-8") == text


def test_a_change_says_what_became_of_functions_and_who_uses_them(shop: Repo, summary: Path) -> None:
    """Each at its place; nothing is annotated where nothing changed."""
    result = call(shop, summary, "--changed", "--callers", "--affected")
    told = [(each.properties["title"], each.properties["file"], each.properties["line"]) for each in read(result)]
    assert told == [
        ("Function: changed", "shop/tax.py", "4"),
        ("Function: caller", "shop/cart.py", "5"),
        ("Function: affected", "shop/cart.py", "4"),
    ]
    assert "Callers:" in summary.read_text("utf-8")
    assert call(shop, summary, "--changed", "--staged").out == ""


def test_what_is_too_much_or_cannot_be_read_is_told_as_such(shop: Repo, summary: Path) -> None:
    """An error over the budget, a warning where a context or a file is left out."""
    shop.write("shop/bad.py", "def (")
    shop.write("shop/tax.py", TAX + f"\n\ndef long():\n    return {list(range(400))}\n")
    shop.git("add", "-A")
    checked = call(shop, summary, "--changed", "--check", "--budget", "400")
    assert checked.code == 2
    assert [(each.name, each.properties["title"]) for each in read(checked)] == [
        ("error", "Function: over the budget"),
        ("warning", "Function: left out"),
    ]
    shop.write("loopflow.toml", "[function]\noptimization_limit = 600\n")
    named = [(each.name, each.properties["line"]) for each in read(call(shop, summary, "shop/tax.py"))]
    assert named == [("warning", "11"), ("notice", "4"), ("notice", "8")]


def test_the_tenth_says_how_many_more_there_are(shop: Repo, summary: Path) -> None:
    """GitHub drops what is beyond ten of a kind."""
    shop.write("shop/many.py", "".join(f"def f{number}(): ...\n" for number in range(12)))
    found = read(call(shop, summary, "shop/many.py", "-u"))
    assert (len(found), found[-1].message) == (10, "and 3 more")


def test_fit_holds_for_the_context(shop: Repo, summary: Path) -> None:
    """What does not fit is exit 1, and nothing is told or summed up."""
    result = call(shop, summary, "shop", "--fit", "5")
    assert (result.code, result.out, summary.exists()) == (1, "", False)


def test_a_summary_that_has_no_room_is_left_as_it_is(shop: Repo, summary: Path) -> None:
    """It is said, and the annotations are there."""
    full = "x" * (1_048_576 - 50)
    summary.write_text(full, "utf-8")
    result = call(shop, summary, RATE_FOR)
    assert (result.code, len(read(result))) == (0, 1)
    assert "GITHUB_STEP_SUMMARY is not written: it has room for 49 bytes" in result.err
    assert summary.read_text("utf-8") == full


@pytest.mark.parametrize(
    "name",
    [
        "::error::x.py",
        "##[error]x.py",
        "a\n::error::x.py",
        "a,title=b:c%0A.py",
        "x`y``z.py",
        "<b>.py",
        "\u202ex.py",
    ],
)
def test_nothing_in_a_repository_acts(repo: Repo, summary: Path, name: str) -> None:
    """Names and code begin no command, end no fence, and are no markup."""
    code = "def f(x):\n    '''\n````\n<b>bold</b> ::error::no\n'''\n    return x.y  # ```\n\n\n"
    code += "def g(): f(1)  # ::error::\n"
    repo.track({name: code})
    result = call(repo, summary, name, "--callers")
    assert result.code == 0
    assert {each.name for each in read(result)} == {"notice"}
    assert "\u202e" not in result.out
    kinds = {each.type for each in MarkdownIt().parse(summary.read_text("utf-8"))}
    assert kinds <= {"fence", "paragraph_open", "inline", "paragraph_close"}
    texts = [each.content for each in MarkdownIt().parse(summary.read_text("utf-8")) if each.type == "inline"]
    assert set(texts) <= {"Callers:", "Read only:"}


@pytest.mark.parametrize("option", ["--list", "--why", "--unresolved", "--profile"])
def test_what_is_no_context_has_no_annotations(shop: Repo, summary: Path, option: str) -> None:
    """One line, and exit 2."""
    result = call(shop, summary, RATE_FOR, option)
    assert (result.code, result.out) == (2, "")
    assert f"github annotates contexts, and {option} prints something else" in result.err
