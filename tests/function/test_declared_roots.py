"""Roots that a project's own settings name: each build tool in its way, and nothing that is not there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.function.resolve.declared import read_roots
from tests.support.builder import Repo
from tests.support.functions import helpers, make, unresolved

NAMED = {
    "setuptools, where": ('[tool.setuptools.packages.find]\nwhere = ["lib", "more"]\n', ("lib", "more")),
    "setuptools, package-dir": ('[tool.setuptools.package-dir]\n"" = "lib"\n', ("lib",)),
    "hatch, packages": ('[tool.hatch.build.targets.wheel]\npackages = ["lib/shop", "lib/cart"]\n', ("lib",)),
    "hatch, a package at the top": ('[tool.hatch.build.targets.wheel]\npackages = ["shop"]\n', ("",)),
    "hatch, sources": ('[tool.hatch.build]\nsources = ["lib"]\n', ("lib",)),
    "hatch, sources by name": ('[tool.hatch.build.targets.wheel.sources]\n"lib/shop" = "shop"\n', ("lib",)),
    "hatch, another name": ('[tool.hatch.build.targets.wheel.sources]\n"lib/shop" = "store"\n', ()),
    "poetry": ('[[tool.poetry.packages]]\ninclude = "shop"\nfrom = "lib"\n', ("lib",)),
    "uv": ('[tool.uv.build-backend]\nmodule-root = "lib"\n', ("lib",)),
    "pdm": ('[tool.pdm.build]\npackage-dir = "lib"\n', ("lib",)),
    "with a slash": ('[tool.setuptools.packages.find]\nwhere = ["./lib/"]\n', ("lib",)),
    "outside": ('[tool.setuptools.packages.find]\nwhere = ["..", "../other", "/usr/lib", "a/../.."]\n', ()),
    "other types": ('[tool]\nsetuptools = 3\nhatch = ["lib"]\n[tool.poetry]\npackages = ["x", 3]\n', ()),
    "no TOML": ("[tool", ()),
}


@pytest.mark.parametrize("what", NAMED)
def test_what_pyproject_names(what: str) -> None:
    """Each is relative to the directory of the settings, and none is outside of the tree."""
    text, roots = NAMED[what]
    assert read_roots({"pyproject.toml": text}) == ({"": roots} if roots else {})


@pytest.mark.parametrize(
    ("text", "roots"),
    [
        ("[options]\npackage_dir =\n    = lib\n    shop = other/shop\n", ("lib",)),
        ("[options]\npackage_dir =\n  =lib\n[options.packages.find]\nwhere = lib\n", ("lib",)),
        ("[options.packages.find]\nwhere =\n  lib\n  more\n", ("lib", "more")),
        ("where = lib\n", ()),
    ],
)
def test_what_setup_names(text: str, roots: tuple[str, ...]) -> None:
    """As setuptools has it in setup.cfg."""
    assert read_roots({"setup.cfg": text}) == ({"": roots} if roots else {})


def test_members_of_a_workspace() -> None:
    """Each has settings of its own, and what they name is theirs."""
    text = '[tool.setuptools.packages.find]\nwhere = ["lib"]\n'
    assert read_roots({"a/pyproject.toml": text, "b/pyproject.toml": text}) == {"a": ("a/lib",), "b": ("b/lib",)}


@given(st.text(), st.text())
def test_any_settings(pyproject: str, setup: str) -> None:
    """Whatever they hold, roots are directories of the tree, or there is none."""
    for roots in read_roots({"a/pyproject.toml": pyproject, "a/setup.cfg": setup}).values():
        assert all(not root.startswith(("/", "../")) for root in roots)


@pytest.mark.parametrize("member", ["a", "b"])
def test_a_function_of_ones_own_distribution(member: str, repo: Repo) -> None:
    """Where two distributions have a module of one name, each finds its own, though no package holds it."""
    files = {
        "pyproject.toml": '[tool.setuptools.packages.find]\nwhere = ["lib"]\n',
        "lib/shop/cart.py": "def total(): ...\n",
        "tests/test_cart.py": "from shop.cart import total\ndef test(): total()\n",
    }
    both = {f"{each}/{path}": text for each in "ab" for path, text in files.items()}
    made = make(repo, both, f"{member}/tests/test_cart.py:test")
    assert helpers(made) == {f"{member}/lib/shop/cart.py:total"}
    assert not unresolved(made)
