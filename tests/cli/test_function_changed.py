"""`loopflow function --changed`: which functions a change touches, what is printed of them, and what is skipped."""

import json
from pathlib import Path

import jsonschema
import pytest

from loopflow.cli.function import function
from loopflow.function import CodeStringsMarkdown, encoded_tokens_len
from tests.support.builder import Repo
from tests.support.run import Result, run

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/reference/function.schema.json").read_text("utf-8"))
TAX = "RATE = 2\n\n\ndef rate_for(country):\n    return look_up(country) * RATE\n\n\ndef look_up(country): ...\n"
CART = """\
from shop.tax import rate_for


class Cart:
    def __init__(self, items):
        self.items = items

    def total(self, country: str) -> float:
        return sum(self.items) * rate_for(country)


def check_out(cart: Cart) -> float:
    return cart.total("de")
"""
FILES = {"shop/__init__.py": "", "shop/tax.py": TAX, "shop/cart.py": CART}
EDIT = {"shop/tax.py": TAX.replace("* RATE", "/ RATE")}
STORE = "hashes.json"


@pytest.fixture
def shop(repo: Repo) -> Repo:
    """Return a repository with a commit, and a change that is not staged."""
    repo.track(FILES).commit()
    repo.write("shop/tax.py", EDIT["shop/tax.py"])
    return repo


def call(repo: Repo, *arguments: str, cwd: str = "") -> Result:
    """Call the command."""
    return run(*arguments, cwd=repo.root / cwd, command=function)


def names(result: Result) -> dict[str, str]:
    """Return what became of each function, by JSON that the schema allows."""
    jsonschema.validate(result.json, SCHEMA)
    return {f"{each['path']}:{each['qualname']}": each["change"] for each in result.json["functions"]}


def test_what_is_printed_of_a_change(shop: Repo) -> None:
    """The changed function with what it needs, and nothing of the others."""
    result = call(shop, "--changed")
    assert (result.code, result.err) == (0, "")
    assert "look_up(country) / RATE" in result.out
    assert "Cart" not in result.out
    assert call(shop, "shop/tax.py:rate_for").out == result.out
    assert call(shop, "--changed", "--staged").out == ""
    assert names(call(shop, "--changed", "--format", "json")) == {"shop/tax.py:rate_for": "changed"}


def test_several_functions_share_what_they_need(shop: Repo) -> None:
    """Each piece once, and --fit holds for all of it."""
    shop.write("shop/cart.py", CART.replace("sum(self.items)", "max(self.items)").replace('"de"', '"at"'))
    result = call(shop, "--changed", "--against", "HEAD")
    blocks = CodeStringsMarkdown.from_markdown(result.out).code_strings
    code = "".join(each.code for each in blocks)
    assert code.count("def rate_for") == code.count("class Cart") == code.count("def total") == 1
    tokens = call(shop, "--changed", "--fit", "1")
    assert tokens.code == 1
    assert "3 functions do not fit" in tokens.err
    listed = call(shop, "--changed", "--list").out.splitlines()
    assert [line.split()[-2:] for line in listed[1:]] == [
        ["shop/cart.py:Cart.total", "changed"],
        ["shop/cart.py:check_out", "changed"],
        ["shop/tax.py:rate_for", "changed"],
    ]


def test_paths_narrow_a_change(shop: Repo) -> None:
    """Files and directories do, seen from where one stands; a function is no such thing."""
    assert call(shop, "--changed", "tax.py", cwd="shop").out == call(shop, "--changed").out
    assert call(shop, "--changed", "shop/cart.py").out == ""
    assert call(shop, "--changed", ".").out != ""
    result = call(shop, "--changed", "shop/tax.py:rate_for")
    assert (result.code, "no file or directory" in result.err) == (2, True)


def test_what_is_gone_and_what_only_looks_new_is_said(shop: Repo) -> None:
    """Nothing is printed of them."""
    shop.write("shop/tax.py", TAX.replace("\n\n\ndef look_up(country): ...\n", "\n").replace("return", "return  "))
    result = call(shop, "--changed")
    assert (result.code, result.out) == (0, "")
    assert "removed: shop/tax.py:look_up" in result.err
    assert "changed in form only: shop/tax.py:rate_for" in result.err
    assert names(call(shop, "--changed", "--format", "json")) == {
        "shop/tax.py:rate_for": "cosmetic",
        "shop/tax.py:look_up": "removed",
    }


def test_a_constant_alone_is_a_change(shop: Repo) -> None:
    """It is printed, with the functions that use it."""
    shop.write("shop/tax.py", TAX.replace("RATE = 2", "RATE = 3"))
    result = call(shop, "--changed")
    assert "RATE = 3" in result.out
    assert "def rate_for" in result.out
    assert names(call(shop, "--changed", "--format", "json")) == {
        "shop/tax.py:": "changed",
        "shop/tax.py:rate_for": "affected",
    }


def test_known_functions_are_skipped_until_something_changes(shop: Repo) -> None:
    """The second run prints nothing and says how many it skipped; what a helper's helper does counts."""
    saved = call(shop, "--changed", "--known", STORE, "--save-hashes", STORE)
    assert saved.out == call(shop, "--changed").out
    assert "1 hash saved" in saved.err
    again = call(shop, "--changed", "--known", STORE)
    assert (again.code, again.out) == (0, "")
    assert "1 known function skipped" in again.err
    document = call(shop, "--changed", "--known", STORE, "--format", "json")
    assert [each["status"] for each in document.json["functions"]] == ["known"]
    names(document)
    shop.write("shop/tax.py", EDIT["shop/tax.py"].replace("look_up(country): ...", "look_up(country): return 1"))
    assert "rate_for" in call(shop, "--changed", "--known", STORE).out


def test_a_job_that_fails_leaves_nothing_known(shop: Repo) -> None:
    """Hashes are saved by a run of their own, after it: without that, the next run prints the same."""
    first = call(shop, "--changed", "--known", STORE, "--save-hashes", "other.json")
    assert call(shop, "--changed", "--known", "other.json").out == ""
    (shop.root / "other.json").unlink()
    assert call(shop, "--changed", "--known", "other.json", "--save-hashes", "new.json").out == first.out


def test_what_is_dynamic_is_known_only_by_request(shop: Repo) -> None:
    """Nobody can say what it calls."""
    shop.write("shop/tax.py", TAX + "\n\ndef ask(other):\n    return other.thing()\n")
    call(shop, "--changed", "--save-hashes", STORE)
    result = call(shop, "--changed", "--known", STORE)
    assert "def ask" in result.out
    assert "--known-dynamic" in result.err
    assert call(shop, "--changed", "--known", STORE, "--known-dynamic").out == ""


def test_what_is_known_is_what_was_when_the_change_began(shop: Repo) -> None:
    """Under --check: a change that saves its own hashes does not hide itself."""
    call(shop, "--changed", "--save-hashes", STORE)
    shop.git("add", "-A")
    asked = ("--changed", "--staged", "--known", STORE)
    assert call(shop, *asked).out == ""
    checked = call(shop, *asked, "--check", "--budget", "9k")
    assert "rate_for" in checked.out
    assert "nothing is known" in checked.err
    shop.commit()
    shop.track({"shop/tax.py": EDIT["shop/tax.py"] + "\n\ndef new(): ...\n"})
    later = call(shop, "shop/tax.py", *asked[1:], "--check", "--budget", "9k")
    assert "1 known function skipped" in later.err


def test_the_store_is_sorted_merged_and_rid_of_what_is_gone(shop: Repo) -> None:
    """Two lines an entry, the same whatever the order in which it was made."""
    for target in ("shop/tax.py", "shop/cart.py"):
        call(shop, target, "--list", "--save-hashes", STORE)
    one = (shop.root / STORE).read_text("utf-8")
    call(shop, "shop", "--list", "--save-hashes", "two.json")
    assert (shop.root / "two.json").read_text("utf-8") == one
    assert one.startswith('{\n"schema": 1,\n"hash": "deep-2",\n"functions": {\n"shop/cart.py:Cart.__init__":\n"')
    assert one.endswith('",\n"":\n""\n}\n}\n')
    shop.write("shop/tax.py", TAX.replace("look_up", "find"))
    result = call(shop, "shop/tax.py", "--list", "--save-hashes", STORE)
    assert "1 removed that are gone" in result.err
    assert "look_up" not in (shop.root / STORE).read_text("utf-8")


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        ('{\n<<<<<<< ours\n"schema": 1\n', "hashes.json:2 cannot be used: it holds a merge conflict"),
        ("[]", "it is not a store of hashes"),
        ("{", "it is not JSON"),
        ('{"schema": 2}', "it has schema 2, and this version knows 1"),
        ('{"schema": 1, "hash": "deep-1", "functions": {"": ""}}', "its hashes are deep-1, and this run makes deep-2"),
        ('{"schema": 1, "hash": "deep-2", "functions": {"a.py:f": "12"}}', "it does not end as one does"),
        ('{"schema": 1, "hash": "deep-2", "functions": {"a.py:f": "12", "": ""}}', "what stands for a.py:f is no hash"),
        ('{"schema": 1, "hash": "deep-2", "functions": {"a": "1", "a": "2", "": ""}}', "names a twice"),
        (b"\xff", "it is not UTF-8"),
    ],
)
def test_a_store_that_cannot_be_used(shop: Repo, content: str | bytes, wanted: str) -> None:
    """What, where, and how to write it anew; nothing is written."""
    shop.write(STORE, content)
    for option in ("--known", "--save-hashes"):
        result = call(shop, "--changed", option, STORE)
        assert result.code == 2
        assert wanted in result.err
        assert "--save-hashes" in result.err or "upgrade" in result.err


def test_a_file_that_cannot_be_read_is_incomplete(shop: Repo) -> None:
    """Under --check, and where hashes are saved; else it is one line."""
    shop.write("shop/cart.py", "def (")
    result = call(shop, "--changed")
    assert (result.code, "shop/cart.py is left out" in result.err) == (0, True)
    assert call(shop, "--changed", "--check", "--budget", "9k").code == 2
    assert call(shop, "--changed", "--save-hashes", STORE).code == 2
    assert not (shop.root / STORE).exists()


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (("--changed", "--against", "nowhere"), "there is no nowhere"),
        (("--against", "main", "shop"), "--against says what --changed compares with"),
        (("--known-dynamic", "--changed"), "--known-dynamic is about what --known skips"),
        (("--changed", "--known", "none.json"), "there is no store of hashes none.json"),
        (("--changed", "--save-hashes", "shop/tax.py"), "shop/tax.py is a file that is read"),
        (("--changed", "--rev", "HEAD", "--against", ""), "no revision without a name"),
        (("--changed", "nowhere"), "nowhere is no file or directory"),
    ],
)
def test_what_cannot_be_asked(shop: Repo, arguments: tuple[str, ...], wanted: str) -> None:
    """One line, and exit 2."""
    result = call(shop, *arguments)
    assert result.code == 2
    assert wanted in result.err
    assert len(result.err.splitlines()) == 1


def test_a_store_can_begin_empty(shop: Repo) -> None:
    """A commit differs from itself in nothing, whatever is changed on disk."""
    call(shop, "--changed", "--rev", "HEAD", "--against", "HEAD", "--list", "--save-hashes", STORE)
    assert call(shop, "--changed", "--known", STORE).out == call(shop, "--changed").out


@pytest.mark.parametrize("store", ["--known", "--save-hashes"])
@pytest.mark.parametrize("output", [("-o", STORE), ("--report", f"json:shop/../{STORE}")])
def test_nothing_else_is_written_over_a_store(shop: Repo, store: str, output: tuple[str, str]) -> None:
    """What is known would be gone, however the file is called."""
    call(shop, "shop", "--save-hashes", STORE)
    kept = (shop.root / STORE).read_bytes()
    result = call(shop, "shop", store, STORE, *output)
    assert (result.code, result.out) == (2, "")
    assert f"{STORE} is the store of hashes; write to another file" in result.err
    assert (shop.root / STORE).read_bytes() == kept


@pytest.mark.parametrize("part", ["closure", "hashing"])
def test_users_follow_parts_of_which_nothing_is_left_out(shop: Repo, part: str) -> None:
    """The same lists that follow other parts, behind the same code."""
    shop.write("shop/tax.py", (shop.root / "shop/tax.py").read_text().replace("return", "return 2 *"))
    plain = call(shop, "--changed", "--part", part).out
    users = call(shop, "--changed", "--callers", "--affected").out.partition("Callers:")[2]
    assert users
    assert call(shop, "--changed", "--part", part, "--callers", "--affected").out == f"{plain}\nCallers:{users}"


@pytest.mark.parametrize("instead", ["--list", "--why", "--unresolved", "--profile"])
def test_users_follow_what_is_printed_instead(shop: Repo, instead: str) -> None:
    """Lists, reasons, references and charts alike: what was asked for beside them is not left out."""
    users = call(shop, "--changed", "--callers", "--affected").out.partition("Callers:")[2]
    plain = call(shop, "--changed", instead).out
    result = call(shop, "--changed", instead, "--callers", "--affected")
    assert result.out == f"{plain}{chr(10) * bool(plain)}Callers:{users}"


def test_what_is_excluded_is_no_target(shop: Repo) -> None:
    """The config says so."""
    shop.write("loopflow.toml", '[function]\nexclude = ["shop/tax.py"]\n')
    assert call(shop, "--changed").out == ""


def test_many_functions_in_one_change(shop: Repo) -> None:
    """Five hundred are one context, and one list."""
    shop.write("shop/many.py", "".join(f"def f{number}(x): return x + {number}\n" for number in range(500)))
    shop.git("add", "-A")
    assert call(shop, "--changed", "shop/many.py").out.count("\ndef f") >= 499
    assert len(call(shop, "--changed", "--list", "shop/many.py").out.splitlines()) == 501


def test_who_uses_what_is_changed(shop: Repo) -> None:
    """Callers as heads and lines, affected functions as a list; their code where --fit has room, and never over it."""
    result = call(shop, "--changed", "--callers", "--affected")
    assert (
        "Callers:\n\n```text:shop/cart.py\n8  def total(self, country: str) -> float:\n9      return sum(" in result.out
    )
    assert "Affected, not shown:\n\n```text\n1  shop/cart.py:Cart.total\n2  shop/cart.py:check_out\n```\n" in result.out
    plain = call(shop, "--changed").out
    assert result.out.startswith(plain)
    sizes = []
    fitted = result
    for limit in range(encoded_tokens_len(plain), 400, 5):
        fitted = call(shop, "--changed", "--callers", "--affected", "--fit", str(limit))
        assert fitted.code == 0
        assert encoded_tokens_len(fitted.out) <= limit
        sizes.append(fitted.out.count("def "))
    assert sizes[0] == plain.count("def ")
    assert "def check_out" in fitted.out
    assert "Affected" not in fitted.out
    document = call(shop, "--changed", "--callers", "--affected", "--format", "json")
    jsonschema.validate(document.json, SCHEMA)
    assert [each["distance"] for each in document.json["affected"]] == [1, 2]
    assert [each["qualname"] for each in document.json["callers"]] == ["Cart.total"]
    assert call(shop, "shop/tax.py:rate_for", "--callers").out == call(shop, "--changed", "--callers").out


def test_statements_that_share_a_line_are_whole_and_there_once(shop: Repo) -> None:
    """A class on one line too; and names of files say nothing outside of their blocks."""
    code = "class A: x = 1; y = 2\na = 1; b = 2\nfor i in range(3):\n    def looped(): return i\n"
    name = "a\nb/w`eird```.py"
    shop.track({"one.py": code, name: "def f(): ...\n"}).commit()
    shop.write("one.py", code.replace("y = 2", "y = 3").replace("b = 2", "b = 3").replace("range(3)", "range(4)"))
    shop.write(name, "def f(): return 1\n")
    result = call(shop, "--changed", "one.py")
    assert result.out == f"```python:one.py\n{(shop.root / 'one.py').read_text('utf-8')}```\n"
    weird = call(shop, "--changed", "--callers", "--affected")
    assert weird.out.startswith("```python:a\\nb/w\\x60eird\\x60\\x60\\x60.py\ndef f(): return 1\n")
    call(shop, "--changed", "--list", "--save-hashes", STORE)
    assert call(shop, "--changed", "--known", STORE).out == ""
    assert "<module>" in call(shop, "--changed", "one.py", "--profile").out


def test_each_function_by_itself(shop: Repo) -> None:
    """With what several share repeated; nothing is cut for --fit."""
    shop.write("shop/cart.py", CART.replace("sum(self.items)", "max(self.items)"))
    result = call(shop, "--changed", "--separate")
    assert result.out.count("def rate_for") == 2
    parts = [call(shop, name).out for name in ("shop/cart.py:Cart.total", "shop/tax.py:rate_for")]
    assert result.out == "\n".join(parts)
    assert call(shop, "--changed", "--separate", "--fit", "90").code == 1
    assert "--copy to the clipboard" in call(shop, "--changed", "--copy", "-o", "x").err


def test_what_is_excluded_is_only_to_be_read(shop: Repo) -> None:
    """Of what others need of it."""
    shop.write("loopflow.toml", '[function]\nexclude = ["shop/tax.py"]\n')
    writable, _, readable = call(shop, "shop/cart.py:Cart.total").out.partition("Read only:")
    assert "def rate_for" not in writable
    assert "def rate_for" in readable
