"""The JVM: JUnit, Maven, Gradle, Kotlin, exceptions."""

from tests.logs.failures.cases import HIGH, Expected, case

CASES = (
    case(
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
    ),
    case(
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
    ),
    case(
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
    ),
    case(
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
    ),
    case(
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
    ),
    case(
        "kotlin",
        "e: /shop/Cart.kt: (5, 16): Unresolved reference: tea\ne: /shop/Till.kt: (9, 1): Type mismatch\n",
        Expected("kotlin", 1, 1, "Unresolved reference"),
        Expected("kotlin", 2, 2, "Type mismatch"),
    ),
    case(
        "javac",
        "Menu.java:5: error: cannot find symbol\n        return tea.size();\n               ^\n"
        "  symbol:   variable tea\n"
        "Menu.java:8: error: incompatible types\n        return 7;\n2 errors\n",
        Expected("compiler", 1, 4, "cannot find symbol"),
        Expected("compiler", 5, 6, "incompatible types"),
        Expected("generic", 7, 7, "2 errors", "", HIGH),
    ),
)
