"""pytest in several guises: many passes, workers, one cause of many failures, colour, and a crash."""

from collections.abc import Sequence

from failing_cases.project import Cases, Fact, Project, Tool

PYTEST = Tool("pytest", ("python3", "-m", "pytest", "--version"), "pip", ("pytest",))
XDIST = Tool("pytest-xdist", ("python3", "-c", "import xdist; print(xdist.__version__)"), "pip", ("pytest-xdist",))
CASES = Cases()

RATES = """
    import pytest

    @pytest.mark.parametrize("amount", range({count}))
    @pytest.mark.parametrize("country", ["at", "be", "cz", "de"])
    def test_rate_of_{name}(country, amount):
        assert amount * 19 // 100 <= amount
"""


def _rates(count: int, *names: str) -> dict[str, str]:
    """Return test modules that pass, with four times as many tests as counted in each."""
    return {f"tests/test_{name}.py": RATES.format(name=name, count=count) for name in names}


@CASES.add("pytest-verbose", PYTEST)
def pytest_verbose(project: Project) -> Sequence[Fact]:
    """One assertion among 1,600 passing tests, with captured logs and output and a long summary of warnings."""
    project.write(_rates(200, "books", "food"))
    project.write(
        {
            "tests/test_invoice.py": """
                import logging
                import warnings

                import pytest

                log = logging.getLogger("shop.invoice")

                @pytest.mark.parametrize("number", range(80))
                def test_old_call(number):
                    exec(compile(f"import warnings\\nwarnings.warn('call {number} is old', DeprecationWarning)",
                                 f"vendor/old_{number}.py", "exec"))

                def test_invoice_totals():
                    for number in range(120):
                        log.warning("GET /items/%d answered 503, trying again", number)
                        print(f"item {number}: price {number * 7} error margin 0")
                    got = {"net": 100, "vat": 19, "gross": 118, "label": "quokka"}
                    want = {"net": 100, "vat": 19, "gross": 119, "label": "quokka"}
                    assert got == want, "gross must be net and vat: marzipan"
            """
        }
    )
    project.run("python3", "-m", "pytest", "-v")
    return [
        Fact(
            "gross must be net and vat",
            "tests/test_invoice.py",
            "assert got == want",
            "test_invoice_totals",
            ("marzipan", "quokka"),
        )
    ]


@CASES.add("pytest-xdist", PYTEST, XDIST)
def pytest_xdist(project: Project) -> Sequence[Fact]:
    """Two failures of different kinds on two workers, one of them in the source, with captured output."""
    project.write(_rates(150, "books", "food", "toys"))
    project.write(
        {
            "conftest.py": "",
            "shop/__init__.py": "",
            "shop/stock.py": """
                SHELVES = {"A1": 3}

                def take(shelf, count):
                    left = SHELVES[shelf] - count
                    SHELVES[shelf] = left
                    return left
            """,
            "tests/test_stock.py": """
                import sys

                from shop.stock import take

                def test_takes_from_a_shelf():
                    for step in range(90):
                        print(f"step {step}: 0 errors, 0 failures")
                        print(f"step {step}: slow answer", file=sys.stderr)
                    take("ziggurat-9", 1)

                def test_leaves_the_rest():
                    assert take("A1", 1) == 1, "palimpsest: one of three was taken"
            """,
        }
    )
    project.run("python3", "-m", "pytest", "-n", "2", "-v")
    where = "tests/test_stock.py"
    return [
        Fact("KeyError: 'ziggurat-9'", "shop/stock.py", "left = SHELVES", "test_takes_from_a_shelf", ("ziggurat-9",)),
        Fact("one of three was taken", where, "palimpsest", "test_leaves_the_rest", ("palimpsest",)),
    ]


@CASES.add("pytest-one-cause", PYTEST)
def pytest_one_cause(project: Project) -> Sequence[Fact]:
    """A fixture that fails for 240 tests, beside one assertion of its own."""
    project.write(_rates(60, "books", "food"))
    project.write(
        {
            "tests/conftest.py": """
                import pytest

                def connect(address):
                    raise ConnectionRefusedError(111, f"no database at {address}: axolotl")

                @pytest.fixture
                def database():
                    return connect("db.internal:5432")
            """,
            "tests/test_orders.py": """
                import pytest

                @pytest.mark.parametrize("number", range(240))
                def test_order(database, number):
                    assert database.order(number)
            """,
            "tests/test_slug.py": """
                def slug(text):
                    return text.lower().replace(" ", "_")

                def test_slug_has_dashes():
                    assert slug("Fig Jam") == "fig-jam", "dashes, not underscores: bergamot"
            """,
        }
    )
    project.run("python3", "-m", "pytest", "-v")
    return [
        Fact("no database at db.internal:5432", "tests/conftest.py", "raise Conn", None, ("axolotl",)),
        Fact("dashes, not underscores", "tests/test_slug.py", "assert slug", "test_slug_has_dashes", ("bergamot",)),
    ]


@CASES.add("pytest-collection", PYTEST)
def pytest_collection(project: Project) -> Sequence[Fact]:
    """A module that cannot be imported, which stops a run with many others before its first test."""
    project.write(_rates(10, *(f"part_{number}" for number in range(30))))
    project.write(
        {
            "conftest.py": "",
            "shop/__init__.py": "",
            "shop/prices.py": "from shop.currency import narwhal_round\n",
            "shop/currency.py": "def round_up(value):\n    return -(-value // 1)\n",
            "tests/test_prices.py": "import shop.prices\n\ndef test_prices():\n    assert shop.prices\n",
        }
    )
    project.run("python3", "-m", "compileall", "-f", *["."] * 30)
    project.run("python3", "-m", "pytest", "-v", "-rA")
    message = "cannot import name 'narwhal_round' from 'shop.currency'"
    return [Fact(message, "shop/prices.py", "import narwhal", None, ("narwhal_round",))]


@CASES.add("pytest-early-colour", PYTEST)
def pytest_early_colour(project: Project) -> Sequence[Fact]:
    """In colour and live: the failure stands early, and 2,000 lines of clean-up follow it."""
    project.write(
        {
            "tests/test_a_first.py": """
                import atexit

                def clean():
                    for number in range(2000):
                        print(f"removed container shop_test_{number} (exit code 0), no errors")

                def test_session_expires():
                    atexit.register(clean)
                    minutes = 31
                    assert minutes <= 30, f"session lives {minutes} minutes: gossamer"
            """,
        }
    )
    project.write(_rates(120, "books", "food"))
    project.run("python3", "-m", "pytest", "--color=yes", "-s", "-v", terminal=True)
    where = "tests/test_a_first.py"
    return [Fact("session lives 31 minutes", where, "assert minutes", "test_session_expires", ("gossamer",))]


@CASES.add("pytest-crash", PYTEST)
def pytest_crash(project: Project) -> Sequence[Fact]:
    """The interpreter itself dies in a test, so that no summary is ever written."""
    project.write(_rates(150, "books"))
    project.write(
        {
            "tests/test_native.py": """
                import ctypes

                def peek(address):
                    return ctypes.string_at(address)

                def test_reads_kumquat_header():
                    peek(0)
            """
        }
    )
    project.run("python3", "-m", "pytest", "-v", "-s")
    where = "tests/test_native.py"
    message = "Fatal Python error: Segmentation fault"
    return [Fact(message, where, "    peek(0)", "test_reads_kumquat_header", ("kumquat",))]
