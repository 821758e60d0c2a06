"""`loopflow function`: what it prints, what it says, and how it ends."""

import json
import os
import socket
from contextlib import chdir
from pathlib import Path

import jsonschema
import pytest

from loopflow.cli.function import PARTS, function
from loopflow.function import CodeStringsMarkdown, encoded_tokens_len
from tests.support.builder import Repo
from tests.support.run import Result, run

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/reference/function.schema.json").read_text("utf-8"))
CART = '''\
"""Carts."""

import os
from shop.tax import rate_for, UNUSED

TABLE = {"a": 1}


class Cart:
    """A cart."""

    def __init__(self, items):
        self.items = items

    def total(self, country):
        """Return what it costs."""
        return sum(self.items) * rate_for(country) + TABLE["a"]

    def other(self): ...
'''
TAX = '''\
UNUSED = 1


def rate_for(country):
    """Return a rate."""
    return look_up(country).rate


def look_up(country): ...
'''
TOTAL = "shop/cart.py:Cart.total"


@pytest.fixture
def shop(repo: Repo) -> Repo:
    """Return a repository with a function, a helper and a helper of that."""
    return repo.track({"shop/__init__.py": "", "shop/cart.py": CART, "shop/tax.py": TAX})


def call(repo: Repo, *arguments: str, cwd: str = "") -> Result:
    """Call the command."""
    return run(*arguments, cwd=repo.root / cwd, command=function)


def test_what_is_printed(shop: Repo) -> None:
    """The function with its class, helpers and variables, imports narrowed; then what is only to be read."""
    result = call(shop, TOTAL)
    assert (result.code, result.err) == (0, "")
    writable, _, readable = result.out.partition("\nRead only:\n\n")
    assert CodeStringsMarkdown.from_markdown(writable).markdown == writable
    first, second = CodeStringsMarkdown.from_markdown(writable).code_strings
    assert (first.path, second.path) == ("shop/cart.py", "shop/tax.py")
    assert first.code.startswith("from shop.tax import rate_for\n\nTABLE = {")
    assert "def total" in first.code
    assert "def __init__" in first.code
    assert "other" not in result.out
    assert "def rate_for" in second.code
    assert "def look_up" in readable
    assert '"""A cart."""' in readable


def test_the_work_tree_the_index_and_a_commit_each_have_their_own_helpers(shop: Repo) -> None:
    """Nothing is mixed: not the function, and not its helpers."""
    commit = shop.commit()
    shop.track({"shop/tax.py": TAX.replace("rate.", "staged rate.")})
    shop.write("shop/tax.py", TAX.replace("rate.", "unstaged rate."))
    assert "a unstaged rate" in call(shop, TOTAL).out
    assert "a staged rate" in call(shop, TOTAL, "--staged").out
    assert "Return a rate" in call(shop, TOTAL, "--rev", commit).out


@pytest.mark.parametrize("fit", ["60", "90", "120", "150", "200", "1000"])
def test_what_is_printed_has_at_most_as_many_tokens(shop: Repo, fit: str) -> None:
    """The whole text, with fences and headings; what cannot be made to fit prints nothing."""
    result = call(shop, TOTAL, "--fit", fit)
    if result.code == 0:
        assert 0 < encoded_tokens_len(result.out) <= int(fit)
    else:
        assert (result.code, result.out) == (1, "")
        assert f"{TOTAL} does not fit {fit} tokens: it needs " in result.err


def test_more_room_never_shows_less(shop: Repo) -> None:
    """From the least that fits on, each text of more tokens has at least the pieces of the one before."""
    before = 0
    for fit in range(90, 240, 5):
        result = call(shop, TOTAL, "--fit", str(fit))
        if result.code == 0:
            now = result.out.count("def ") + result.out.count('"""')
            assert now >= before
            before = now
    assert before


@pytest.mark.parametrize("part", PARTS)
def test_json_is_what_the_schema_says(shop: Repo, part: str) -> None:
    """For each part, with and without what is too large."""
    for more in ([], ["--fit", "60"], ["--list"]):
        result = call(shop, "shop", "--part", part, "--format", "json", *more)
        assert result.code == 0
        jsonschema.validate(result.json, SCHEMA)


def test_json_tells_what_there_is(shop: Repo) -> None:
    """Counts are those of the texts, and helpers say how they were found."""
    [told] = call(shop, TOTAL, "--format", "json").json["functions"]
    assert told["lines"] == [15, 17]
    [helper] = [each for each in told["helpers"] if each["level"] == 1]
    assert (helper["path"], helper["qualname"], helper["via"], helper["line"]) == (
        "shop/tax.py",
        "rate_for",
        "import",
        17,
    )
    assert [each["qualname"] for each in told["variables"] if each["level"] == 1] == ["Cart.items", "TABLE"]
    printed = call(shop, TOTAL).out
    assert told["printed"] == encoded_tokens_len(printed)
    assert (
        sum(part["tokens"] for part in told["parts"]) == told["tokens"]["read_writable"] + told["tokens"]["read_only"]
    )


def test_why_and_unresolved(shop: Repo) -> None:
    """Each piece says what mentions it and where; each reference that was not found says why."""
    why = call(shop, TOTAL, "--why").out
    assert "shop/tax.py:rate_for  function; call, found by import; cart.py:17 in Cart.total" in why
    assert "shop/tax.py:look_up  function; call, found by name; tax.py:6 in rate_for" in why
    lost = call(shop, "shop/tax.py:rate_for", "--unresolved").out
    assert lost == "shop/tax.py:6:29: look_up().rate: dynamic\n"


def test_several_functions_share_what_they_need(shop: Repo) -> None:
    """What two functions need is printed once."""
    result = call(shop, "shop/cart.py:Cart.total", "shop/tax.py:rate_for")
    assert result.out.count("def rate_for") == 1
    assert result.out.count("def total") == 1


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("shop/cart.py:16", "Cart.total"),
        ("shop/cart.py:Cart.total@16", "Cart.total"),
        ("shop/cart.py:Cart.total", "Cart.total"),
    ],
)
def test_a_function_by_its_line(shop: Repo, target: str, name: str) -> None:
    """A line within it names it."""
    [told] = call(shop, target, "--format", "json").json["functions"]
    assert told["qualname"] == name


def test_a_class_a_file_and_a_directory_are_their_functions(shop: Repo) -> None:
    """In the order of the source; paths are relative to where the command is called."""
    names = [each["qualname"] for each in call(shop, "cart.py:Cart", "--format", "json", cwd="shop").json["functions"]]
    assert names == ["Cart.__init__", "Cart.total", "Cart.other"]
    names = [each["qualname"] for each in call(shop, ".", "--format", "json").json["functions"]]
    assert names == ["Cart.__init__", "Cart.total", "Cart.other", "rate_for", "look_up"]


def test_a_budget_is_judged_before_anything_is_left_out(shop: Repo) -> None:
    """What --fit cuts does not count as kept."""
    needed = call(shop, TOTAL, "--format", "json").json["functions"][0]["needed"]
    assert call(shop, TOTAL, "--check", "--budget", str(needed)).code == 0
    result = call(shop, TOTAL, "--check", "--budget", str(needed - 1), "--fit", str(needed - 10))
    assert result.code == 1
    assert f"{TOTAL}: {needed} tokens, 1 over the budget" in result.err
    shop.track({"loopflow.toml": f"[function]\nbudget = {needed - 1}\n"})
    assert call(shop, TOTAL, "--check").code == 1


@pytest.mark.parametrize("part", ["optimization", "read-only", "testgen"])
def test_helpers_of_one_level(shop: Repo, part: str) -> None:
    """What only helpers mention is not there, but for variables; what else helps to understand is."""
    shop.write("shop/tax.py", TAX.replace("(country).rate", "(country).rate * UNUSED"))
    two, one = (call(shop, TOTAL, "--part", part, "--depth", depth).out for depth in ("2", "1"))
    assert two == call(shop, TOTAL, "--part", part).out
    assert "def look_up" in two
    assert "def look_up" not in one
    assert '"""A cart."""' in one
    assert "UNUSED = 1" in one
    assert set(one.splitlines()) < set(two.splitlines())
    shop.write("loopflow.toml", "[function]\ndepth = 1\n")
    assert call(shop, TOTAL, "--part", part).out == one
    assert call(shop, TOTAL, "--part", part, "--depth", "2").out == two


def test_depth_is_told_of(shop: Repo) -> None:
    """JSON and --why have helpers of one level; what is mentioned in a shown file and left out is named."""
    result = call(shop, TOTAL, "--depth", "1", "--format", "json")
    jsonschema.validate(result.json, SCHEMA)
    [told] = result.json["functions"]
    assert {each["level"] for each in told["helpers"]} == {1}
    assert told["not_shown"] == ["shop/tax.py:look_up"]
    assert "shop/tax.py:look_up\n" in call(shop, TOTAL, "--depth", "1", "--why").out.partition("not shown")[2]


@pytest.mark.parametrize("value", ["0", "3", "true", "1.0", '"1"'])
def test_a_depth_that_is_none(shop: Repo, value: str) -> None:
    """One line that names the key, and exit 2."""
    shop.write("loopflow.toml", f"[function]\ndepth = {value}\n")
    result = call(shop, TOTAL)
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert "there is no such depth; it is 2 or 1" in result.err


@pytest.mark.parametrize("kind", ["deep", "shallow"])
def test_depth_changes_no_hash(shop: Repo, kind: str) -> None:
    """A store holds whatever the depth of the run that wrote it."""
    shop.write("shop/tax.py", TAX.replace("(country).rate", "(country).rate * UNUSED"))
    shop.write("loopflow.toml", f'[function]\nhash = "{kind}"\n')
    one, two = (call(shop, "shop", "--list", "--depth", depth, "--save-hashes", depth) for depth in ("1", "2"))
    assert (one.code, two.code) == (0, 0)
    assert (shop.root / "1").read_bytes() == (shop.root / "2").read_bytes()


def test_charts(shop: Repo) -> None:
    """By function and by part, as text and as a page."""
    assert "By function" in call(shop, "shop", "--profile").out
    assert call(shop, "shop", "--profile", "--format", "html").out.startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "no function is named"),
        (("shop/cart.py:Cart.totl",), "shop/cart.py has no function Cart.totl; the nearest are Cart.total"),
        (("shop/cart.py:",), "shop/cart.py has no function ''; check"),
        (("shop/cart.py:@1",), "shop/cart.py has no function @1; check"),
        (("shop/cart.py:Cart.total@x",), "shop/cart.py has no function Cart.total@x; the nearest are Cart.total"),
        (("shop/cart.py:Cart.total@1",), "shop/cart.py has no function Cart.total at line 1;"),
        (("shop/cart.py:" + "9" * 5000,), "shop/cart.py has no function at line 999999999;"),
        (("shop/none.py:f",), "shop/none.py is not in the tree that is read"),
        (("",), "'' names no file and no function"),
        (("nonsense",), "nonsense names no file and no function"),
        (("../x.py:f",), "../x.py is not in the tree that is read"),
        (("a.ipynb:f",), "a.ipynb is a notebook"),
        ((TOTAL, "--staged", "--rev", "HEAD"), "--staged reads the index, and --rev a commit"),
        ((TOTAL, "--why", "--list"), "--list and --why each print something else"),
        ((TOTAL, "--format", "html"), "html is a form of --profile"),
        ((TOTAL, "--profile", "--format", "html", "--callers"), "html has charts only"),
        ((TOTAL, "--profile", "--report", "html:x.html", "--callers"), "html has charts only"),
        ((TOTAL, "--part", "closure", "--depth", "1"), "a closure has all that is reached"),
        ((TOTAL, "--part", "closure", "--write", "new", "--list"), "--write writes files, and --list prints"),
        ((TOTAL, "--part", "closure", "--write", "new", "--format", "json"), "--write writes files, and --format"),
        ((TOTAL, "--part", "closure", "--write", "new", "--report", "text:x"), "--write writes files, and --report"),
        ((TOTAL, "--save-hashes", "shop"), "shop is no file that hashes can be kept in"),
        ((TOTAL, "--save-hashes", "/dev/null"), "/dev/null is no file that hashes can be kept in"),
        ((TOTAL, "--budget", "5"), "--budget is what --check judges by"),
        ((TOTAL, "--check"), "--check has no budget"),
        ((TOTAL, "-o", "shop/tax.py"), "shop/tax.py is a file that is read"),
        ((TOTAL, "--report", "json:./shop/../shop/cart.py"), "cart.py is a file that is read"),
        ((TOTAL, "--fit", "much"), "--fit"),
        ((TOTAL, "--report", "x"), "--report x is not FORM:FILE"),
        (("shop/__init__.py",), "there is no function in what is named"),
    ],
)
def test_what_cannot_be_done_is_said_on_one_line(shop: Repo, arguments: tuple[str, ...], message: str) -> None:
    """Exit 2, nothing on standard output."""
    result = call(shop, *arguments)
    assert (result.code, result.out) == (2, "")
    assert result.err.count("\n") == 1
    assert message in result.err


def test_hashes_are_kept_in_files_only(shop: Repo) -> None:
    """A pipe that nobody reads, a socket and a link to one are exit 2 before anything is printed."""
    os.mkfifo(shop.root / "pipe")
    (shop.root / "link").symlink_to("pipe")
    with socket.socket(socket.AF_UNIX) as listening, chdir(shop.root):
        listening.bind("socket")
        for name in ("pipe", "link", "socket"):
            result = call(shop, TOTAL, "--save-hashes", name, "--known", name)
            assert (result.code, result.out) == (2, "")
            assert f"{name} is no file that hashes can be kept in; name another one" in result.err


@pytest.mark.parametrize("name", ["", ":total"])
def test_a_target_that_is_no_file_is_said_to_be_what_it_is(shop: Repo, name: str) -> None:
    """A link in the work tree and in the index, a pipe instead of a file that is tracked, and one that is not."""
    shop.link("shop/link.py", "cart.py")
    shop.git("add", "shop/link.py")
    os.mkfifo(shop.root / "pipe.py")
    (shop.root / "shop/tax.py").unlink()
    os.mkfifo(shop.root / "shop/tax.py")
    for path, kind, *options in (
        ("shop/link.py", "a symbolic link"),
        ("shop/link.py", "a symbolic link", "--staged"),
        ("pipe.py", "a pipe"),
        ("shop/tax.py", "a pipe"),
    ):
        result = call(shop, f"{path}{name}", *options)
        assert (result.code, result.out) == (2, "")
        assert f"{path} is {kind}, and no file that is read; name the file" in result.err


def test_a_file_that_does_not_parse_is_a_line_where_it_was_reached(shop: Repo) -> None:
    """Of a helper it is a warning, under --check exit 2; of a target it is exit 2, with the line."""
    shop.track({"shop/tax.py": "def rate_for(:\n", "shop/else.py": "def (\n"})
    result = call(shop, TOTAL)
    assert result.code == 0
    assert result.err.startswith("function: warning: shop/tax.py is left out: line 1, column ")
    assert "else.py" not in result.err
    assert call(shop, TOTAL, "--check", "--budget", "10k").code == 2
    result = call(shop, "shop/tax.py:rate_for")
    assert result.code == 2
    assert "shop/tax.py cannot be read as Python: line 1, column " in result.err


def test_names_cannot_act_on_a_terminal(repo: Repo) -> None:
    """Control characters in paths are escaped in everything but the code."""
    repo.track({"a\x1b[1m.py": "def f(): return x.y\n"})
    for more in ("--why", "--unresolved", "--list"):
        result = call(repo, "a\x1b[1m.py:f", more)
        assert result.code == 0
        assert "\x1b" not in result.out
