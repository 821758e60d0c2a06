"""Where a failure is in the code, in the words of many tools."""

import pytest

from loopflow.logs.model import Block, LogLine, Priority, Span
from loopflow.logs.places import CodePlace, find_code_place

NAMED = {
    "src/shop/Menu.java:5: error: cannot find symbol": ("src/shop/Menu.java", 5),
    "src/a.c:4:21: error: 'x' undeclared": ("src/a.c", 4),
    "./src/a.c:4: error": ("src/a.c", 4),
    "src/app.ts(12,5): error TS2322: Type": ("src/app.ts", 12),
    "  --> src/main.rs:7:5": ("src/main.rs", 7),
    "    at load (/home/me/app/src/load.js:10:11)": ("/home/me/app/src/load.js", 10),
    "    at file:///home/me/app/load.mjs:3:1": ("/home/me/app/load.mjs", 3),
    "[ERROR] /shop/Cart.java:[5,16] cannot find symbol": ("/shop/Cart.java", 5),
    '  File "shop/cart.py", line 8, in total': ("shop/cart.py", 8),
    "tests/test_a.py:8: AssertionError": ("tests/test_a.py", 8),
    "make: *** [Makefile:8: a.o] Error 1": ("Makefile", 8),
    "deploy.sh: line 14: oops: command not found": ("deploy.sh", 14),
    "PHP Fatal error: x in /app/index.php:3": ("/app/index.php", 3),
}
NAMELESS = (
    "connect to db.example.com:5432 failed",
    "12:30:45 error: nothing",
    "http://localhost:8080/ refused",
    "\tat shop.Cart.total(Cart.java:12)",
    "error in a.py:0",
    "ratio is a.c:1.5",
    "",
)


def block(*lines: str, headline: int = 0, recogniser: str = "generic") -> Block:
    shown = tuple(LogLine(number, text, 0) for number, text in enumerate(lines, 1))
    return Block(Span(0, 1, len(lines), 0, 1), shown, headline, recogniser, Priority.CRITICAL)


@pytest.mark.parametrize("line", NAMED)
def test_a_place_is_found(line: str) -> None:
    """As compilers, traces and test runners write it."""
    assert find_code_place(block(line)) == CodePlace(*NAMED[line])


@pytest.mark.parametrize("line", NAMELESS)
def test_what_looks_like_a_place_is_none(line: str) -> None:
    """Hosts, times, numbers; and classes, of which nobody knows where they are."""
    assert find_code_place(block(line)) is None


def test_a_trace_of_python_is_of_its_last_frame_of_ours() -> None:
    """The frames of libraries are below it."""
    trace = (
        'File "a.py", line 1, in <module>',
        'File "b.py", line 2, in f',
        'File "/x/site-packages/c.py", line 3, in g',
        "KeyError: 1",
    )
    assert find_code_place(block(*trace, headline=3, recogniser="python")) == CodePlace("b.py", 2)


def test_any_other_trace_is_of_its_first_frame_of_ours() -> None:
    """There the last call comes first."""
    trace = ("Error: x", "  at g (/x/node_modules/c.js:3:1)", "  at f (src/b.js:2:1)", "  at src/a.js:1:1")
    assert find_code_place(block(*trace, recogniser="node")) == CodePlace("src/b.js", 2)


def test_a_frame_of_a_library_is_better_than_nothing() -> None:
    """Where there are no others."""
    trace = ("Error: x", "  at g (/x/node_modules/c.js:3:1)")
    assert find_code_place(block(*trace, recogniser="node")) == CodePlace("/x/node_modules/c.js", 3)


def test_lines_before_a_failure_without_a_form_are_of_other_work() -> None:
    """They are shown around it, and what they name is not its place."""
    lines = ("src/other.c:3: warning: unused", "build failed", "src/this.c:4: here")
    assert find_code_place(block(*lines, headline=1)) == CodePlace("src/this.c", 4)
