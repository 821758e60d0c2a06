"""Python: pytest, unittest, tracebacks, pip."""

from tests.logs.failures.cases import HIGH, MEDIUM, Expected, case

CASES = (
    case(
        "pytest",
        """
=================================== FAILURES ===================================
_________________________________ test_widths __________________________________

    def test_widths():
>       assert width() == 17, "no shelf is this wide"
E       AssertionError: no shelf is this wide
E       assert 16 == 17

tests/test_shelf.py:8: AssertionError
----------------------------- Captured stdout call -----------------------------
measured, no errors
__________________________________ test_opens __________________________________

    def test_opens():
>       catalogue()["tea"]
E       KeyError: 'tea'

tests/test_shelf.py:12: KeyError
=============================== warnings summary ===============================
tests/test_shelf.py::test_old
  /shop/old.py:2: DeprecationWarning: call failed to be new
-- Docs: https://docs.pytest.org/en/stable/how-to/capture-warnings.html
=========================== short test summary info ============================
FAILED tests/test_shelf.py::test_widths - AssertionError: no shelf is this wide
FAILED tests/test_shelf.py::test_opens - KeyError: 'tea'
""",
        Expected("pytest", 2, 11, "AssertionError: no shelf", "AssertionError"),
        Expected("pytest", 12, 18, "KeyError: 'tea'", "KeyError"),
        Expected("pytest warnings", 19, 21, "warnings summary", "", MEDIUM),
        Expected("pytest summary", 24, 24, "test_widths", "AssertionError", HIGH),
        Expected("pytest summary", 25, 25, "test_opens", "KeyError", HIGH),
    ),
    case(
        "traceback",
        """
job 1 done
Traceback (most recent call last):
  File "/shop/store.py", line 3, in parse
    return int(text)
           ^^^^^^^^^
ValueError: invalid literal for int() with base 10: 'tea'

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/shop/store.py", line 9, in load
    raise RuntimeError("settings are broken") from error
RuntimeError: settings are broken

Traceback (most recent call last):
  File "/shop/main.py", line 1, in <module>
    import tea
ModuleNotFoundError: No module named 'tea'
job 2 done
""",
        Expected("traceback", 2, 13, "ValueError: invalid", "ValueError"),
        Expected("traceback", 15, 18, "No module named", "ModuleNotFoundError"),
    ),
    case(
        "exception group",
        """
  + Exception Group Traceback (most recent call last):
  |   File "/shop/fetch.py", line 17, in main
  |     async with asyncio.TaskGroup() as group:
  | ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/shop/fetch.py", line 7, in fetch
    |     raise TimeoutError("no answer in 30 s")
    | TimeoutError: no answer in 30 s
    +------------------------------------
done
""",
        Expected("traceback", 1, 10, "ExceptionGroup: unhandled"),
    ),
    case(
        "unittest",
        """
test_widths (tests.Shelves.test_widths) ... FAIL
test_opens (tests.Shelves.test_opens) ... ERROR

======================================================================
FAIL: test_widths (tests.Shelves.test_widths)
----------------------------------------------------------------------
Traceback (most recent call last):
  File "/shop/tests.py", line 8, in test_widths
    self.assertEqual(width, 17)
AssertionError: 16 != 17

======================================================================
ERROR: test_opens (tests.Shelves.test_opens)
----------------------------------------------------------------------
Traceback (most recent call last):
  File "/shop/tests.py", line 11, in test_opens
    open("tea.json")
FileNotFoundError: [Errno 2] No such file or directory: 'tea.json'

----------------------------------------------------------------------
Ran 2 tests in 0.001s
""",
        Expected("test name", 1, 1, "test_widths", "", HIGH),
        Expected("test name", 2, 2, "test_opens", "", HIGH),
        Expected("unittest", 5, 10, "AssertionError: 16", "AssertionError"),
        Expected("unittest", 13, 20, "FileNotFoundError", "FileNotFoundError"),
    ),
    case(
        "pip",
        """
Collecting tea
ERROR: Could not find a version that satisfies the requirement tea (from versions: none)
ERROR: No matching distribution found for tea
""",
        Expected("pip", 2, 2, "Could not find a version"),
        Expected("pip", 3, 3, "No matching distribution"),
    ),
)
