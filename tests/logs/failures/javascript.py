"""JavaScript and TypeScript: test runners, compilers, npm."""
# ruff: noqa: RUF001  tools print such marks

from tests.logs.failures.cases import HIGH, MEDIUM, Expected, case

CASES = (
    case(
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
    ),
    case(
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
    ),
    case(
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
    ),
    case(
        "tsc",
        """
src/shelf.ts:4:32 - error TS2561: 'widht' does not exist in type 'Shelf'.

4 export const narrow: Shelf = { widht: 3 };
                                 ~~~~~

src/post.ts(4,40): error TS2345: Argument of type 'string' is not assignable.
""",
        Expected("tsc", 1, 4, "TS2561", "TS2561"),
        Expected("tsc", 6, 6, "TS2345", "TS2345"),
    ),
    case(
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
    ),
    case(
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
    ),
    case(
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
    ),
    case(
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
    ),
)
