"""What tests need besides: classes in full, constructors that nobody wrote, and those of other packages."""

import ast
from collections.abc import Mapping
from pathlib import Path

import pytest

from loopflow.cli.function import function
from loopflow.errors import UsageError
from loopflow.function.constructors import write_constructor
from loopflow.function.environment import find_environment
from tests.support.builder import Repo
from tests.support.functions import make
from tests.support.run import run

CASES: Mapping[str, tuple[str, str | None]] = {
    "fields": ("@dataclass\nclass A:\n    x: int\n    y: str = 'a'\n", "x: int, y: str = 'a'"),
    "factories": ("@dataclass\nclass A:\n    x: list = field(default_factory=list)\n", "x: list = ..."),
    "what is no parameter": (
        "@dataclass\nclass A:\n    x: int = field(init=False)\n    K: ClassVar[int] = 1\n    n = 2\n    z: int = 3\n",
        "z: int = 3",
    ),
    "keywords": ("@dataclass\nclass A:\n    x: int\n    _: KW_ONLY\n    y: int = 1\n", "x: int, *, y: int = 1"),
    "keywords only": ("@dataclasses.dataclass(kw_only=True)\nclass A:\n    x: int\n", "*, x: int"),
    "no constructor": ("@dataclass(init=False)\nclass A:\n    x: int\n", None),
    "its own": ("@dataclass\nclass A:\n    x: int\n    def __init__(self): ...\n", None),
    "inherited": (
        "@dataclass\nclass B:\n    x: int\n    y: int\n@dataclass\nclass A(B):\n    y: str\n    z: int\n",
        "x: int, y: str, z: int",
    ),
    "a named tuple": ("class A(NamedTuple):\n    x: int\n    y: int = 1\n", "x: int, y: int = 1"),
    "a typed dictionary": (
        "class A(TypedDict):\n    x: int\n    y: NotRequired[int]\n",
        "*, x: int, y: NotRequired[int] = ...",
    ),
    "attrs": ("@define\nclass A:\n    _x: int\n    y = field(default=1)\n", "x: int, y=1"),
    "attr.s": ("@attr.s\nclass A:\n    x = attr.ib()\n    y = attr.ib(init=False)\n    z = 1\n", "x"),
    "pydantic": (
        "class A(BaseModel):\n    model_config = {}\n    _p: int = 1\n    x: int\n    z: int = Field(...)\n",
        "*, x: int, z: int",
    ),
    "a plain class": ("class A:\n    x: int\n", None),
}


@pytest.mark.parametrize("name", CASES)
def test_constructors_that_nobody_wrote(name: str) -> None:
    """As the library makes them."""
    code, wanted = CASES[name]
    classes = [node for node in ast.parse(code).body if isinstance(node, ast.ClassDef)]
    made = write_constructor("A", classes[::-1])
    assert (made.partition(": ")[2] if made else None) == (f"A({wanted})\n" if wanted else None)


MODELS = '''\
from dataclasses import dataclass
from ext import Client


@dataclass
class Item:
    """An item."""

    price: int = 1

    def never(self): ...


class Cart(Client):
    def total(self, items: list[Item], other: "Client") -> int:
        return sum(each.price for each in items)
'''
TESTED = "from models import Item\n\n\ndef use(item: Item):\n    return item.price\n"
EXT = {
    "ext/__init__.py": "from ext.core import Client\n",
    "ext/core.py": (
        "print('run')\n\n\nclass Options:\n    def __init__(self, retries=3):\n        self.retries = retries\n\n\n"
        "class Base:\n    @property\n    def alive(self) -> bool:\n        return True\n\n\n"
        "class Client(Base):\n    def __init__(self, url: str, options: Options):\n        raise ValueError\n\n"
        "    def get(self): ...\n"
    ),
}


def install(repo: Repo, name: str = ".venv") -> Path:
    """Make an environment with a package in it."""
    repo.write(f"{name}/pyvenv.cfg", "home = nowhere\n")
    for path, content in EXT.items():
        repo.write(f"{name}/lib/python3.11/site-packages/{path}", content)
    return repo.root / name / "lib/python3.11/site-packages"


def test_classes_that_are_imported_are_there_in_full(repo: Repo) -> None:
    """With what the function does not use, once, and with the constructor that is made."""
    made = make(repo, {"models.py": MODELS, "a.py": TESTED}, "a.py:use")
    code = made.testgen.markdown
    assert code.count("class Item") <= 2
    assert code.count("price: int = 1\n") == 1
    assert "def never" in code
    assert "# made by dataclass: Item(price: int = 1)" in code
    assert "never" not in made.read_only.markdown


def test_constructors_of_other_packages_are_stubs(repo: Repo) -> None:
    """Bases, constructors and properties without bodies, and the classes in their annotations; as text only."""
    install(repo)
    repo.write(".gitignore", ".venv\n")
    made = make(repo, {"models.py": MODELS}, "models.py:Cart.total")
    [stub] = [each.code for each in made.testgen.code_strings if each.path == "site-packages/ext/core.py"]
    assert "class Client(Base):\n    def __init__(self, url: str, options: Options):\n        ...\n" in stub
    assert "def __init__(self, retries=3):\n        ...\n" in stub
    assert "def alive(self) -> bool:\n        ...\n" in stub
    assert "get" not in stub
    ast.parse(stub)


def test_a_missing_environment_is_said_once(repo: Repo) -> None:
    """And one that is no environment is an error."""
    repo.track({"models.py": MODELS})
    result = run("models.py:Cart.total", "--part", "testgen", cwd=repo.root, command=function)
    assert result.err == "function: external: unknown: ext; --environment says where they are installed\n"
    result = run("models.py:Cart.total", "--environment", ".", cwd=repo.root, command=function)
    assert (result.code, "is no environment of Python's" in result.err) == (2, True)
    with pytest.raises(UsageError):
        find_environment(str(repo.root), "nowhere", str(repo.root))


def test_a_hostile_environment(repo: Repo, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Links that lead out, lines of .pth that run, files that are no Python: nothing is followed or run."""
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret").mkdir()
    (outside / "secret/__init__.py").write_text("class Client:\n    def __init__(self, secret): ...\n")
    place = install(repo)
    (place / "a.pth").write_text(f"import os; os.mkdir('{outside}/ran')\n{outside}\n../../..\n\0\n")
    (place / "linked").symlink_to(outside / "secret")
    repo.write(".venv/lib/python3.11/site-packages/bad/__init__.py", b"\xff\xfe")
    repo.write(".venv/lib/python3.11/site-packages/large/__init__.py", "x = 1\n" * 400_000)
    environment = find_environment(str(repo.root), None, str(repo.root))
    assert environment
    found = [bool(environment.package(name)) for name in ("ext", "linked", "secret", "large")]
    assert found == [True, False, False, False]
    bad = environment.package("bad")
    assert bad
    assert bad.facts("bad/__init__.py") is None
    assert not (outside / "ran").exists()
    repo.write(".gitignore", ".venv\n")
    made = make(repo, {"a.py": "from linked import Client\nimport bad\ndef f(c: Client, d: bad.X): ...\n"}, "a.py:f")
    assert "secret" not in made.testgen.markdown


def test_stubs_stand_before_sources(repo: Repo) -> None:
    """Beside a file, or as a package of stubs."""
    place = install(repo)
    (place / "ext/core.pyi").write_text("class Client:\n    def __init__(self, stub: int) -> None: ...\n")
    (place / "two-stubs").mkdir()
    (place / "two-stubs/__init__.pyi").write_text("class Two:\n    def __init__(self, two: int) -> None: ...\n")
    repo.write(".gitignore", ".venv\n")
    code = "from ext import Client\nimport two\ndef f(c: Client):\n    return two.Two(c)\n"
    made = make(repo, {"a.py": code}, "a.py:f")
    assert "stub: int" in made.testgen.markdown
    assert "two: int" in made.testgen.markdown


def test_enrichment_goes_first_where_there_is_no_room(repo: Repo) -> None:
    """Of what is to be read for tests; the limit holds."""
    members = "".join(f"    def m{number}(self): return {number}\n" for number in range(300))
    repo.track({"models.py": f"class Item:\n    price = 1\n{members}", "a.py": TESTED})
    repo.write("loopflow.toml", '[function]\ntestgen_limit = "400"\n')
    result = run("a.py:use", "--part", "testgen", cwd=repo.root, command=function)
    assert "def use" in result.out
    assert "def m299" not in result.out
