"""PHP, Ruby, Perl, .NET, PowerShell, Elixir."""

from tests.logs.failures.cases import HIGH, MEDIUM, Expected, case

CASES = (
    case(
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
    ),
    case(
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
    ),
    case(
        "perl",
        "#   Failed test 'sums up'\n#   at t/cart.t line 8.\n#          got: '300'\n#     expected: '310'\nok 2\n",
        Expected("perl", 1, 4, "Failed test 'sums up'"),
    ),
    case(
        "xunit",
        "    Shop.CartTest.SumsUp [FAIL]\n      Assert.Equal() Failure\n      Stack Trace:\n"
        "    Shop.CartTest.Opens [FAIL]\n      System.InvalidOperationException : closed\nready\n",
        Expected("xunit", 1, 3, "SumsUp [FAIL]"),
        Expected("xunit", 4, 5, "Opens [FAIL]"),
    ),
    case(
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
    ),
    case(
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
    ),
    case(
        "pester",
        "Describing cart\n  [-] sums up 645ms\n    Expected 310, but got 300.\n    at line: 8 in /shop/Cart.Tests.ps1\n"
        "  [-] opens 12ms\n    RuntimeException: closed\n  [+] closes 3ms\n",
        Expected("pester", 2, 4, "Expected 310"),
        Expected("pester", 5, 6, "RuntimeException", "RuntimeException"),
    ),
    case(
        "msbuild",
        "Cart.cs(12,5): error CS1002: ; expected [/shop/shop.csproj]\n"
        "Till.cs(3,1): error CS0246: 'Tea' could not be found\n",
        Expected("compiler", 1, 1, "CS1002", "CS1002"),
        Expected("compiler", 2, 2, "CS0246", "CS0246"),
    ),
    case(
        "elixir",
        "** (Mix) Could not compile dependency :tea\n    lib/mix.ex:8\n** (RuntimeError) no tea\nready\n",
        Expected("elixir", 1, 2, "(Mix)"),
        Expected("elixir", 3, 3, "no tea", "RuntimeError"),
    ),
    case(
        "php",
        "PHP Fatal error:  Uncaught DivisionByZeroError: Division by zero in /shop/rows.php:3\nStack trace:\n"
        "#0 {main}\n"
        "  thrown in /shop/rows.php on line 3\nPHP Parse error:  syntax error in /shop/tea.php on line 1\n"
        "row 1 imported\n",
        Expected("php", 1, 4, "Division by zero", "DivisionByZeroError"),
        Expected("php", 5, 5, "tea.php"),
    ),
)
