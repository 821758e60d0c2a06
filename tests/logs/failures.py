"""What tools print when something fails: short logs, each with two failures in a row, and what is to be found in them.

Each is cut out of a real log of its tool; names and messages are our own.
"""
# ruff: noqa: RUF001  tools print such marks

from typing import NamedTuple

from loopflow.logs.model import Priority

CRITICAL, HIGH, MEDIUM = Priority.CRITICAL, Priority.HIGH, Priority.MEDIUM


class Expected(NamedTuple):
    """A block: its recogniser, its first and last line, a part of its headline, its kind."""

    recogniser: str
    first: int
    last: int
    headline: str
    kind: str = ""
    priority: Priority = CRITICAL


FAILURES: dict[str, tuple[str, tuple[Expected, ...]]] = {}


def _add(name: str, text: str, *expected: Expected) -> None:
    FAILURES[name] = text.strip("\n") + "\n", expected


_add(
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
)
_add(
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
)
_add(
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
)
_add(
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
)
_add(
    "pip",
    """
Collecting tea
ERROR: Could not find a version that satisfies the requirement tea (from versions: none)
ERROR: No matching distribution found for tea
""",
    Expected("pip", 2, 2, "Could not find a version"),
    Expected("pip", 3, 3, "No matching distribution"),
)
_add(
    "jest",
    """
FAIL test/cart.test.js
  ● Console

    console.log
      warning, slow answer

  ● cart › sums up its lines

    expect(received).toBe(expected) // Object.is equality

    Expected: 310
    Received: 300

      at Object.toBe (test/cart.test.js:3:16)

  ● cart › opens

    TypeError: Cannot read properties of undefined (reading 'gross')

      at gross (src/prices.js:2:22)

Test Suites: 1 failed, 15 passed, 16 total
""",
    Expected("test name", 1, 1, "test/cart.test.js", "", HIGH),
    Expected("jest console", 2, 5, "Console", "", MEDIUM),
    Expected("jest", 7, 14, "expect(received)"),
    Expected("jest", 16, 20, "TypeError: Cannot", "TypeError"),
    Expected("generic", 22, 22, "1 failed", "", HIGH),
)
_add(
    "vitest",
    """
 × test/stock.test.js > stock never falls 12ms
   → expected -3 to be greater than or equal to 0
 FAIL  test/stock.test.js > stock never falls
AssertionError: expected -3 to be greater than or equal to 0
 ❯ test/stock.test.js:4:37
      4|   expect(-3).toBeGreaterThanOrEqual(0);
       |              ^
⎯⎯⎯⎯⎯⎯⎯⎯[1/2]⎯
 FAIL  test/stock.test.js > stock is loaded
TypeError: shelf has no tea
 ❯ test/stock.test.js:8:9
⎯⎯⎯⎯⎯⎯⎯⎯[2/2]⎯
""",
    Expected("test name", 1, 2, "never falls", "", HIGH),
    Expected("vitest", 3, 8, "AssertionError", "AssertionError"),
    Expected("vitest", 9, 12, "TypeError: shelf", "TypeError"),
)
_add(
    "mocha",
    """
    1) goes by the shortest way
    ✔ adds 7 without error

  1 passing (13ms)
  2 failing

  1) routes
       goes by the shortest way:

      AssertionError [ERR_ASSERTION]: Expected values to be strictly deep-equal:
+ actual - expected

+   'Ulm'
-   'Bath'
      at Context.<anonymous> (test/routes.test.js:5:12)

  2) map
       draws:
     Error: no tiles
      at Context.<anonymous> (test/routes.test.js:11:11)
""",
    Expected("test name", 1, 1, "shortest way", "", HIGH),
    Expected("generic", 2, 5, "2 failing", "", HIGH),
    Expected("numbered", 7, 15, "AssertionError", "AssertionError"),
    Expected("numbered", 17, 20, "Error: no tiles"),
)
_add(
    "phpunit",
    """
There was 1 error:

1) TillTest::testOpens
Error: Call to a member function turn() on null

/shop/src/Till.php:4
/shop/tests/TillTest.php:16

--

There was 1 failure:

1) TillTest::testBalance
balance of the till
Failed asserting that 300 is identical to 310.

/shop/tests/TillTest.php:13

ERRORS!
""",
    Expected("numbered", 3, 7, "Error: Call"),
    Expected("numbered", 13, 17, "Failed asserting"),
)
_add(
    "junit",
    """
1) sumsUpItsLines(shop.CartTest)
java.lang.AssertionError: expected:<310> but was:<300>
	at org.junit.Assert.fail(Assert.java:89)
	at shop.CartTest.sumsUpItsLines(CartTest.java:10)
2) opensTheTill(shop.CartTest)
java.lang.IllegalStateException: till does not open
	at shop.Till.open(Till.java:12)
Caused by: java.lang.NumberFormatException: For input string: "tea"
	... 34 more

Tests run: 52,  Passed: 50
""",
    Expected("numbered", 1, 4, "java.lang.AssertionError", "java.lang.AssertionError"),
    Expected("numbered", 5, 9, "java.lang.IllegalStateException", "java.lang.IllegalStateException"),
)
_add(
    "rspec",
    """
  carries a label (FAILED - 1)

Pending: (Failures listed here are expected and do not affect your suite's status)

  1) parcel is told later
     Failure/Error: raise "expected failure"

Failures:

  1) parcel carries a label
     Failure/Error: expect("a").to eq("b")

       expected: "b"
            got: "a"
     # ./spec/parcel_spec.rb:8:in `block (2 levels) in <top (required)>'

  2) parcel is weighed
     Failure/Error: scale.grams

     NoMethodError:
       undefined method `grams' for nil:NilClass
     # ./lib/parcel.rb:3:in `weigh'

Finished in 0.04558 seconds
""",
    Expected("test name", 1, 1, "FAILED - 1", "", HIGH),
    Expected("rspec pending", 3, 6, "", "", MEDIUM),
    Expected("numbered", 10, 15, "Failure/Error: expect"),
    Expected("numbered", 17, 22, "Failure/Error: scale"),
)
_add(
    "tap",
    """
ok 1 - opens
not ok 2 - sums up
  ---
  location: '/shop/test/sums.test.js:7:5'
  error: 'ledger does not balance'

  code: 'ERR_ASSERTION'
  ...
not ok 3 - closes
  ---
  error: 'file is locked'
  ...
not ok 4 - is fast # TODO not yet
ok 5 - ends
""",
    Expected("tap", 2, 8, "ledger does not balance"),
    Expected("tap", 9, 12, "file is locked"),
)
_add(
    "tsc",
    """
src/shelf.ts:4:32 - error TS2561: 'widht' does not exist in type 'Shelf'.

4 export const narrow: Shelf = { widht: 3 };
                                 ~~~~~

src/post.ts(4,40): error TS2345: Argument of type 'string' is not assignable.
""",
    Expected("tsc", 1, 4, "TS2561", "TS2561"),
    Expected("tsc", 6, 6, "TS2345", "TS2345"),
)
_add(
    "eslint",
    """
/shop/src/menu.js
  1:34  error  Duplicate key 'soup'    no-dupe-keys
  2:13  error  'tea' is not defined    no-undef
  3:1   warning  Unexpected var        no-var
""",
    Expected("eslint", 1, 2, "Duplicate key"),
    Expected("eslint", 3, 3, "'tea' is not defined"),
    Expected("warning", 4, 4, "Unexpected var", "", MEDIUM),
)
_add(
    "npm",
    """
npm ERR! code ERESOLVE
npm ERR! ERESOLVE unable to resolve dependency tree
npm ERR! Found: tea@2.0.0
> shop@1.0.0 test
npm ERR! code ELIFECYCLE
npm ERR! errno 1
""",
    Expected("npm", 1, 3, "npm ERR!"),
    Expected("npm script", 5, 6, "npm ERR!", "", HIGH),
)
_add(
    "node",
    """
/shop/src/queue.js:8
    throw new Error(`queue ${name} cannot be opened`);
    ^

Error: queue orders cannot be opened
    at open (/shop/src/queue.js:8:11)

Node.js v20.20.2
""",
    Expected("node", 1, 8, "throw new Error"),
)
_add(
    "go test",
    """
=== RUN   TestNoise
    noise_test.go:12: item 0: FAILED before, passes now
--- PASS: TestNoise (0.00s)
=== RUN   TestStock
    stock_test.go:8: got 4 lanterns, want 5
--- FAIL: TestStock (0.00s)
=== RUN   TestLedger
    stock_test.go:14: file is not a database
--- FAIL: TestLedger (0.00s)
""",
    Expected("go test", 5, 6, "got 4 lanterns"),
    Expected("go test", 8, 9, "file is not a database"),
)
_add(
    "go panic",
    """
panic: runtime error: invalid memory address or nil pointer dereference [recovered]
	panic: runtime error: invalid memory address or nil pointer dereference
[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x4f51e9]

goroutine 407 [running]:
shop.(*Queue).Move(...)
	/shop/queue.go:6
created by shop.Start
	/shop/queue.go:2 +0x34
panic: send on closed channel

goroutine 1 [running]:
main.main()
	/shop/main.go:3 +0x1d
ready
""",
    Expected("go panic", 1, 9, "invalid memory address"),
    Expected("go panic", 10, 14, "send on closed channel"),
)
_add(
    "data race",
    """
==================
WARNING: DATA RACE
Write at 0x00c0000 by goroutine 7:
  main.main.func1()
      /shop/main.go:8 +0x3c
==================
done
""",
    Expected("data race", 2, 5, "DATA RACE"),
)
_add(
    "place",
    """
# shop/cart
cart/cart.go:4:24: undefined: tea
cart/cart.go:5:12: cannot use gross (variable of type string) as type int
setup.py:1:80: E501 line too long (93 > 79 characters)
src/cart.c:1:2: note: declared here
""",
    Expected("place", 1, 2, "undefined: tea"),
    Expected("place", 3, 3, "cannot use gross"),
    Expected("place", 4, 4, "E501"),
)
_add(
    "rustc",
    """
error[E0277]: a value of type `u32` cannot be made
 --> src/cart.rs:2:29
  |
2 |     let sum: u32 = lines.iter().sum();
  |                                 ^^^ value of type `u32` cannot be made

error[E0382]: borrow of moved value: `name`
 --> src/cart.rs:7:5

warning: unused variable: `x1`
 --> src/noise.rs:2:28
error: could not compile `shop` (lib) due to 2 previous errors
""",
    Expected("error", 1, 5, "E0277", "E0277"),
    Expected("error", 7, 8, "E0382", "E0382"),
    Expected("warning", 10, 11, "unused variable", "", MEDIUM),
    Expected("generic", 12, 12, "could not compile", "", HIGH),
)
_add(
    "cargo test",
    """
test stock::takes ... FAILED
test stock::gives ... ok

failures:

---- stock::takes stdout ----
step 1: no error
thread 'stock::takes' panicked at src/stock.rs:5:5:
index out of bounds: the len is 3
---- stock::counts stdout ----
thread 'stock::counts' panicked at src/stock.rs:9:5:
label is too long

failures:
    stock::takes
""",
    Expected("test name", 1, 1, "stock::takes", "", HIGH),
    Expected("cargo test", 6, 9, "src/stock.rs:5:5"),
    Expected("cargo test", 10, 12, "src/stock.rs:9:5"),
)
_add(
    "rust panic",
    """
thread 'packer' (5866) panicked at src/main.rs:6:16:
parcel was never weighed
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
thread 'main' panicked at src/main.rs:9:2:
no packer left
stack backtrace:
   0: rust_begin_unwind
""",
    Expected("rust panic", 1, 3, "src/main.rs:6:16"),
    Expected("rust panic", 4, 7, "src/main.rs:9:2"),
)
_add(
    "surefire",
    """
[ERROR] Tests run: 2, Failures: 1, Errors: 1, Time elapsed: 0.001 s <<< FAILURE! - in shop.CartTest
[ERROR] sumsUp(shop.CartTest)  Time elapsed: 0.001 s  <<< FAILURE!
java.lang.AssertionError: expected:<310> but was:<300>
	at shop.CartTest.sumsUp(CartTest.java:10)

[ERROR] opens(shop.CartTest)  Time elapsed: 0 s  <<< ERROR!
java.lang.IllegalStateException: till does not open
	at shop.CartTest.opens(CartTest.java:15)

[INFO] Results:
[ERROR] Failures:
[ERROR]   CartTest.sumsUp:10 expected:<310> but was:<300>
[INFO] BUILD FAILURE
[ERROR] To see the full stack trace of the errors, re-run Maven with the -e switch.
""",
    Expected("maven", 1, 1, "Tests run: 2", "", HIGH),
    Expected("surefire", 2, 4, "java.lang.AssertionError", "java.lang.AssertionError"),
    Expected("surefire", 6, 8, "java.lang.IllegalStateException", "java.lang.IllegalStateException"),
    Expected("maven", 11, 12, "", "", HIGH),
    Expected("generic", 13, 14, "BUILD FAILURE", "", HIGH),
)
_add(
    "maven compiler",
    """
[ERROR] COMPILATION ERROR :
[INFO] -------------------------------------------------------------
[ERROR] /shop/Cart.java:[5,16] cannot find symbol
  symbol:   variable tea
  location: class shop.Cart
[ERROR] /shop/Till.java:[9,1] incompatible types
""",
    Expected("maven", 1, 1, "COMPILATION ERROR", "", HIGH),
    Expected("maven compiler", 3, 5, "cannot find symbol"),
    Expected("maven compiler", 6, 6, "incompatible types"),
)
_add(
    "gradle",
    """
> Task :test FAILED
CartTest > sumsUp FAILED
    java.lang.AssertionError at CartTest.java:10
CartTest > opens FAILED
    java.lang.IllegalStateException at CartTest.java:15

* What went wrong:
Execution failed for task ':test'.
> There were failing tests.

* Try:
""",
    Expected("generic", 1, 1, "Task :test FAILED"),
    Expected("gradle test", 2, 3, "AssertionError", "java.lang.AssertionError"),
    Expected("gradle test", 4, 5, "IllegalStateException", "java.lang.IllegalStateException"),
    Expected("gradle", 7, 9, "Execution failed"),
)
_add(
    "exception",
    """
INFO ready
Exception in thread "main" java.lang.RuntimeException: service stopped
	at shop.Main.main(Main.java:19)
Caused by: java.lang.NumberFormatException: For input string: "tea"
	... 42 more
java.net.SocketTimeoutException: Read timed out
	at shop.Main.main(Main.java:13)
INFO done
""",
    Expected("exception", 2, 5, "service stopped", "java.lang.RuntimeException"),
    Expected("exception", 6, 7, "Read timed out", "java.net.SocketTimeoutException"),
)
_add(
    "kotlin",
    "e: /shop/Cart.kt: (5, 16): Unresolved reference: tea\ne: /shop/Till.kt: (9, 1): Type mismatch\n",
    Expected("kotlin", 1, 1, "Unresolved reference"),
    Expected("kotlin", 2, 2, "Type mismatch"),
)
_add(
    "compiler",
    """
gcc -c -o part.o part.c
part.c: In function 'part_1':
part.c:4:9: warning: unused variable 'error_count' [-Wunused-variable]
    4 |     int error_count;
      |         ^~~~~~~~~~~
shelf.c: In function 'shelf_width':
shelf.c:4:21: error: 'width' undeclared (first use in this function)
    4 |     return number * width;
      |                     ^~~~~
shelf.c:4:21: note: each undeclared identifier is reported only once
In file included from alone.c:1:
shelf.h:1:17: error: unknown type name 'cubit_t'
make: *** [Makefile:8: shelf.o] Error 1
""",
    Expected("warning", 3, 5, "unused variable", "", MEDIUM),
    Expected("compiler", 6, 10, "'width' undeclared"),
    Expected("compiler", 11, 12, "unknown type name"),
    Expected("generic", 13, 13, "make: ***", "", HIGH),
)
_add(
    "javac",
    "Menu.java:5: error: cannot find symbol\n        return tea.size();\n               ^\n  symbol:   variable tea\n"
    "Menu.java:8: error: incompatible types\n        return 7;\n2 errors\n",
    Expected("compiler", 1, 4, "cannot find symbol"),
    Expected("compiler", 5, 6, "incompatible types"),
    Expected("generic", 7, 7, "2 errors", "", HIGH),
)
_add(
    "linker",
    "/usr/bin/ld: main.o: in function `main':\nmain.c:5: undefined reference to `load_tea'\n"
    "collect2: error: ld returned 1 exit status\n",
    Expected("linker", 1, 2, "load_tea"),
    Expected("compiler", 3, 3, "ld returned"),
)
_add(
    "sanitizer",
    """
==4619==ERROR: AddressSanitizer: heap-use-after-free on address 0x60400000001c
READ of size 4 at 0x60400000001c thread T0
    #0 0x560fc9b17297 in grow src/pool.c:16

freed by thread T0 here:
    #1 0x560fc9b17258 in main src/pool.c:7

SUMMARY: AddressSanitizer: heap-use-after-free src/pool.c:16 in grow
Shadow bytes around the buggy address:
  0x0c087fff7fb0: 00 00 00 00
==4619==ABORTING
done
""",
    Expected("sanitizer", 1, 11, "SUMMARY: AddressSanitizer"),
)
_add(
    "cmake",
    '-- Checking for feature 7 - found\nCMake Error at CMakeLists.txt:8 (find_package):\n  Could not find "Tea"\n\n'
    "CMake Error at CMakeLists.txt:9 (message):\n  no tea\nready\n",
    Expected("cmake", 2, 3, "CMakeLists.txt:8"),
    Expected("cmake", 5, 6, "CMakeLists.txt:9"),
)
_add(
    "gtest",
    """
[ RUN      ] Cart.SumsUp
cart_test.cc:12: Failure
Expected equality of these values:
  sum()
    Which is: 300
[  FAILED  ] Cart.SumsUp (0 ms)
[ RUN      ] Cart.Opens
cart_test.cc:20: Failure
Value of: open()
[  FAILED  ] Cart.Opens (0 ms)
""",
    Expected("gtest", 2, 5, "cart_test.cc:12"),
    Expected("test name", 6, 6, "Cart.SumsUp", "", HIGH),
    Expected("gtest", 8, 9, "cart_test.cc:20"),
    Expected("test name", 10, 10, "Cart.Opens", "", HIGH),
)
_add(
    "ctest",
    "  1/2 Test #1: shelf_77 ....***Failed  0.00 sec\n  2/2 Test #2: shelf_78 ....   Passed  0.01 sec\n"
    "The following tests FAILED:\n\t  1 - shelf_77 (Failed)\n",
    Expected("test name", 1, 1, "shelf_77", "", HIGH),
    Expected("ctest", 3, 4, "following tests FAILED"),
)
_add(
    "catch",
    "cart.cpp:12: FAILED:\n  CHECK( sum() == 310 )\nwith expansion:\n  300 == 310\n"
    "cart.cpp:18: FAILED:\n  CHECK( open() )\nready\n",
    Expected("catch", 1, 4, "cart.cpp:12"),
    Expected("catch", 5, 6, "cart.cpp:18"),
)
_add(
    "perl",
    "#   Failed test 'sums up'\n#   at t/cart.t line 8.\n#          got: '300'\n#     expected: '310'\nok 2\n",
    Expected("perl", 1, 4, "Failed test 'sums up'"),
)
_add(
    "xunit",
    "    Shop.CartTest.SumsUp [FAIL]\n      Assert.Equal() Failure\n      Stack Trace:\n"
    "    Shop.CartTest.Opens [FAIL]\n      System.InvalidOperationException : closed\nready\n",
    Expected("xunit", 1, 3, "SumsUp [FAIL]"),
    Expected("xunit", 4, 5, "Opens [FAIL]"),
)
_add(
    "test unit",
    """
===============================================================================
Failure: test_sum(CartTest)
/shop/cart_test.rb:8:in `test_sum'
<310> expected but was
<300>
===============================================================================
Error: test_open(CartTest): RuntimeError: closed
/shop/cart_test.rb:12:in `test_open'
===============================================================================
""",
    Expected("minitest", 2, 5, "<310> expected"),
    Expected("minitest", 7, 8, "RuntimeError: closed", "RuntimeError"),
)
_add(
    "rails",
    """
Failure:
CartTest#test_sum [/shop/test/cart_test.rb:8]:
Expected: 310
  Actual: 300

rails test test/cart_test.rb:7

Error:
CartTest#test_open:
RuntimeError: closed
    test/cart_test.rb:12:in `test_open'

""",
    Expected("minitest", 1, 4, "Expected: 310"),
    Expected("minitest", 8, 11, "RuntimeError: closed", "RuntimeError"),
)
_add(
    "pester",
    "Describing cart\n  [-] sums up 645ms\n    Expected 310, but got 300.\n    at line: 8 in /shop/Cart.Tests.ps1\n"
    "  [-] opens 12ms\n    RuntimeException: closed\n  [+] closes 3ms\n",
    Expected("pester", 2, 4, "Expected 310"),
    Expected("pester", 5, 6, "RuntimeException", "RuntimeException"),
)
_add(
    "msbuild",
    "Cart.cs(12,5): error CS1002: ; expected [/shop/shop.csproj]\n"
    "Till.cs(3,1): error CS0246: 'Tea' could not be found\n",
    Expected("compiler", 1, 1, "CS1002", "CS1002"),
    Expected("compiler", 2, 2, "CS0246", "CS0246"),
)
_add(
    "elixir",
    "** (Mix) Could not compile dependency :tea\n    lib/mix.ex:8\n** (RuntimeError) no tea\nready\n",
    Expected("elixir", 1, 2, "(Mix)"),
    Expected("elixir", 3, 3, "no tea", "RuntimeError"),
)
_add(
    "php",
    "PHP Fatal error:  Uncaught DivisionByZeroError: Division by zero in /shop/rows.php:3\nStack trace:\n#0 {main}\n"
    "  thrown in /shop/rows.php on line 3\nPHP Parse error:  syntax error in /shop/tea.php on line 1\nrow 1 imported\n",
    Expected("php", 1, 4, "Division by zero", "DivisionByZeroError"),
    Expected("php", 5, 5, "tea.php"),
)
_add(
    "annotation",
    "##[error]src/cart.ts(2,4): no tea\n##[error]Process completed with exit code 1.\n",
    Expected("annotation", 1, 2, "no tea"),
)
_add(
    "commands",
    "##[group]Run echo error: nothing failed\n\x1b[36;1mif failed; then exit 1; fi\x1b[0m\nshell: bash\n##[endgroup]\n"
    "error: no tea\n",
    Expected("error", 5, 5, "error: no tea"),
)
_add(
    "docker build",
    '#8 ERROR: process "/bin/sh -c make" did not complete successfully: exit code: 2\n------\n > [8/9] RUN make:\n',
    Expected("docker build", 1, 3, "did not complete"),
)
_add(
    "apt",
    "E: Unable to locate package tea\nE: Package 'mate' has no installation candidate\n",
    Expected("apt", 1, 2, "Unable to locate"),
)
_add(
    "kernel",
    "[ 12.3] usb 1-1: new device\n[ 14.1] BUG: unable to handle page fault for address: 0018\n"
    "[ 14.1] CPU: 1 PID: 99 Comm: tea\n[ 14.1] Call Trace:\n[ 15.0] usb 1-1: gone\n",
    Expected("kernel", 2, 4, "BUG: unable"),
)
_add(
    "systemd",
    "web.service: Main process exited, code=exited, status=1/FAILURE\nweb.service: Failed with result 'exit-code'.\n",
    Expected("systemd", 1, 1, "Main process exited"),
    Expected("systemd", 2, 2, "Failed with result"),
)
_add(
    "level",
    "2026/11/27 14:52:35 [error] 6473#6473: *2 open() failed (2: No such file or directory)\n"
    "2026/11/27 14:52:35 [error] 6473#6473: *9 connect() failed (111: Connection refused)\n"
    "2025-03-01 10:00:03.000 UTC [3] ERROR:  canceling statement\n2025-03-01 INFO done\n",
    Expected("level", 1, 1, "open() failed", "", HIGH),
    Expected("level", 2, 2, "connect() failed", "", HIGH),
    Expected("level", 3, 3, "canceling", "", HIGH),
)
