"""JavaScript and TypeScript: test runners, a compiler, a linter, and programs that die."""

from collections.abc import Sequence

from failing_cases.project import STAMPED, Cases, Fact, Project, Tool
from failing_cases.wrapping import stamped

NODE = Tool("node", ("node", "--version"), "apt", ("nodejs",))
NPM = Tool("npm", ("npm", "--version"), "apt", ("npm",))
JEST = Tool("jest", ("jest", "--version"), "npm", ("jest@30",))
VITEST = Tool("vitest", ("vitest", "--version"), "npm", ("vitest@2",))
MOCHA = Tool("mocha", ("mocha", "--version"), "npm", ("mocha@12",))
TSC = Tool("tsc", ("tsc", "--version"), "npm", ("typescript@5",))
ESLINT = Tool("eslint", ("eslint", "--version"), "npm", ("eslint@9",))
CASES = Cases()

PARTS = """
    describe("part {number}", () => {{
      for (let i = 0; i < {count}; i++) {{
        test(`adds ${{i}} without error`, () => {{
          if (i % 10 === 0) console.log(`part {number}: warning, slow answer for item ${{i}}`);
          if (i + 1 <= i) throw new Error("never");
        }});
      }}
    }});
"""


def _parts(files: int, count: int, head: str = "") -> dict[str, str]:
    """Return test files that pass, with so many tests in each."""
    head = head and "    " + head
    return {f"test/part{number}.test.js": head + PARTS.format(number=number, count=count) for number in range(files)}


@CASES.add("jest-verbose", JEST)
def jest_verbose(project: Project) -> Sequence[Fact]:
    """One expectation among 800 verbose passes that write to the console."""
    project.write({"package.json": '{"name": "shop", "version": "1.0.0"}\n'} | _parts(20, 40))
    project.write(
        {
            "test/cart.test.js": """
                test("cart sums up its lines", () => {
                  const cart = { lines: ["fig", "plum"], total: 300, note: "isinglass" };
                  expect(cart).toEqual({ lines: ["fig", "plum"], total: 310, note: "isinglass" });
                });
            """
        }
    )
    project.run("jest", "--verbose")
    return [Fact('"total": 310', "test/cart.test.js", "expect(cart)", "cart sums up its lines", ("isinglass",))]


@CASES.add("jest-colour", JEST)
def jest_colour(project: Project) -> Sequence[Fact]:
    """In colour on a terminal: a failure in the source, a time-out and a snapshot, each in a file of its own."""
    project.write({"package.json": '{"name": "shop", "version": "1.0.0"}\n'} | _parts(15, 30))
    project.write(
        {
            "src/prices.js": """
                function price(item) {
                  return item.tariff.gross * 2;
                }
                module.exports = { price };
            """,
            "test/prices.test.js": """
                const { price } = require("../src/prices");
                test("prices a periwinkle", () => {
                  price({ name: "periwinkle" });
                });
            """,
            "test/slow.test.js": """
                test("answers before the zugzwang", async () => {
                  await new Promise(() => {});
                }, 300);
            """,
            "test/page.test.js": """
                test("renders the page", () => {
                  expect("<h1>Cormorant</h1>").toMatchSnapshot();
                });
            """,
            "test/__snapshots__/page.test.js.snap": """
                // Jest Snapshot v1, https://jestjs.io/docs/snapshot-testing

                exports[`renders the page 1`] = `"<h1>Heron</h1>"`;
            """,
        }
    )
    project.run("jest", "--colors", "--ci", terminal=True)
    return [
        Fact("Cannot read properties of undefined", "src/prices.js", "return item", "prices a periwinkle"),
        Fact("Exceeded timeout of 300 ms", "test/slow.test.js", 'test("answers', None, ("zugzwang",)),
        Fact(
            "Snapshot name: `renders the page 1`",
            "test/page.test.js",
            "toMatchSnapshot",
            "renders the page",
            ("Cormorant",),
        ),
    ]


@CASES.add("vitest", VITEST)
def vitest(project: Project) -> Sequence[Fact]:
    """Two failures of vitest in colour, among 600 verbose passes."""
    head = 'import { describe, expect, test } from "vitest";'
    project.write({"package.json": '{"name": "shop", "type": "module"}\n'} | _parts(20, 30, head))
    project.write(
        {
            "test/stock.test.js": """
                import { expect, test } from "vitest";

                test("stock never falls below zero", () => {
                  expect(-3, "stock of wolframite").toBeGreaterThanOrEqual(0);
                });

                test("stock is loaded", async () => {
                  throw new TypeError("shelf has no bdellium");
                });
            """
        }
    )
    project.run("vitest", "run", "--reporter=verbose", FORCE_COLOR="1")
    where = "test/stock.test.js"
    return [
        Fact("stock of wolframite", where, "expect(-3", "stock never falls below zero", ("wolframite",)),
        Fact("shelf has no bdellium", where, "throw new", "stock is loaded", ("bdellium",)),
    ]


@CASES.add("mocha", MOCHA)
def mocha(project: Project) -> Sequence[Fact]:
    """A difference, and a hook that fails before a whole group, among 1,000 passes."""
    head = "const test = it;"
    project.write({"package.json": '{"name": "shop"}\n'} | _parts(20, 50, head))
    project.write(
        {
            "test/routes.test.js": """
                const assert = require("assert");

                describe("routes", () => {
                  it("goes by the shortest way", () => {
                    assert.deepStrictEqual(["Ulm", "Bath"], ["Ulm", "Trebizond", "Bath"]);
                  });
                });

                describe("map", () => {
                  before(() => {
                    throw new Error("ECONNREFUSED: no tiles from the sextant server");
                  });
                  for (let i = 0; i < 50; i++) it(`draws tile ${i}`, () => {});
                });
            """
        }
    )
    project.run("mocha", "test", "--reporter", "spec")
    where = "test/routes.test.js"
    return [
        Fact(
            "Expected values to be strictly deep-equal", where, "deepStrict", "goes by the shortest way", ("Trebizond",)
        ),
        Fact("no tiles from the sextant server", where, "throw new", '"before all" hook', ("sextant",)),
    ]


@CASES.add("node-test", NODE)
def node_test(project: Project) -> Sequence[Fact]:
    """Node's own runner, whose TAP gives every one of 500 passes seven lines."""
    project.write(
        {
            "test/sums.test.js": """
                const assert = require("assert");
                const { test } = require("node:test");

                for (let i = 0; i < 500; i++) {
                  test(`sum ${i} is no error`, () => assert.ok(i + 1 > i));
                  if (i === 250) {
                    test("sum of the ledger", () => {
                      assert.strictEqual(41, 42, "ledger of Mnemosyne does not balance");
                    });
                  }
                }
            """
        }
    )
    project.run("node", "--test", "--test-reporter=tap", "test/")
    message = "ledger of Mnemosyne does not balance"
    return [Fact(message, "test/sums.test.js", "strictEqual", "sum of the ledger", ("Mnemosyne",))]


@CASES.add("node-uncaught", NODE)
def node_uncaught(project: Project) -> Sequence[Fact]:
    """A server that logs 2,500 requests, some answered with 500, and dies of an exception with a cause."""
    project.write(
        {
            "src/queue.js": """
                function connect(address) {
                  throw new Error(`connect ECONNREFUSED ${address}`);
                }
                function open(name) {
                  try {
                    connect("10.0.0.7:5672");
                  } catch (cause) {
                    throw new Error(`queue ${name} cannot be opened`, { cause });
                  }
                }
                module.exports = { open };
            """,
            "src/server.js": """
                const { open } = require("./queue");
                for (let i = 0; i < 2500; i++) {
                  const status = i % 500 === 3 ? 500 : 200;
                  console.log(JSON.stringify({ level: "info", path: `/items/${i}`, status, ms: i % 97 }));
                  if (status === 500) console.error(`Error: item ${i} is not in the cache, taken from the database`);
                }
                open("orders-syzygy");
            """,
        }
    )
    project.run("node", "src/server.js")
    return [
        Fact("queue orders-syzygy cannot be opened", "src/queue.js", "throw new Error(`queue", None, ("syzygy",)),
        Fact("connect ECONNREFUSED 10.0.0.7:5672", "src/queue.js", "throw new Error(`connect"),
    ]


@CASES.add("tsc", TSC)
def tsc(project: Project) -> Sequence[Fact]:
    """One renamed field told in 180 places, beside a single wrong argument."""
    project.write(
        {
            "tsconfig.json": '{"compilerOptions": {"strict": true, "noEmit": true}, "include": ["src"]}\n',
            "src/order.ts": "export interface Order { id: number; grossTotal: number }\n",
            "src/post.ts": """
                export function post(parcel: string, grams: number): string {
                  return `${parcel}: ${grams}`;
                }
                export const label = post("petrichor", "200");
            """,
        }
    )
    uses = "\n".join(
        f"export const f{number} = (order: Order) => order.pennyfarthing + {number};" for number in range(6)
    )
    project.write({f"src/use{number}.ts": f'import {{ Order }} from "./order";\n{uses}\n' for number in range(30)})
    project.run("tsc", "-p", ".", "--pretty", "false", "--listFiles")
    return [
        Fact("Property 'pennyfarthing' does not exist", "src/use0.ts", "f0 =", None, ("pennyfarthing",)),
        Fact("Argument of type 'string' is not assignable", "src/post.ts", "petrichor"),
    ]


@CASES.add("tsc-pretty", TSC)
def tsc_pretty(project: Project) -> Sequence[Fact]:
    """The compiler in colour, with the source under each error, and a trace of how modules were found."""
    project.write(
        {
            "tsconfig.json": '{"compilerOptions": {"strict": true, "noEmit": true}, "include": ["src"]}\n',
            "src/shelf.ts": """
                export class Shelf {
                  constructor(readonly width: number) {}
                }
                export const narrow: Shelf = { widht: 3 };
                import { clavichord } from "./instruments";
                export const play = clavichord;
            """,
        }
    )
    project.write({f"src/part{number}.ts": f'import "./part{(number + 1) % 40}";\n' for number in range(40)})
    project.run("tsc", "-p", ".", "--pretty", "--traceResolution")
    return [
        Fact("'widht' does not exist in type 'Shelf'", "src/shelf.ts", "widht", None, ("widht",)),
        Fact("Cannot find module './instruments'", "src/shelf.ts", "import { clav", None, ("clavichord",)),
    ]


@CASES.add("eslint", ESLINT)
def eslint(project: Project) -> Sequence[Fact]:
    """Two errors among 900 warnings."""
    project.write(
        {
            "eslint.config.js": """
                module.exports = [{
                  languageOptions: { globals: { console: "readonly" } },
                  rules: { "no-unused-vars": "warn", "no-var": "warn", "no-undef": "error", "no-dupe-keys": "error" },
                }];
            """,
            "src/menu.js": """
                console.log({ soup: 1, salad: 2, soup: 3 });
                console.log(rhubarbOfTheDay);
            """,
        }
    )
    noise = "".join(f"var unused{number} = {number};\n" for number in range(15))
    project.write({f"src/{letter}{number}.js": noise for letter in "az" for number in range(15)})
    project.run("eslint", "src")
    message = "'rhubarbOfTheDay' is not defined"
    return [
        Fact(message, "src/menu.js", "rhubarb", None, ("rhubarbOfTheDay",)),
        Fact("Duplicate key 'soup'", "src/menu.js", "soup"),
    ]


@CASES.add("npm-script", NPM, NODE, form=STAMPED)
def npm_script(project: Project) -> Sequence[Fact]:
    """A build in npm's scripts whose second step fails, told by npm after a third wrote on."""
    project.write(
        {
            "package.json": """
                {"name": "shop", "version": "1.0.0", "scripts": {
                  "build": "npm run clean && npm run pages; code=$?; npm run report; exit $code",
                  "clean": "node steps/clean.js", "pages": "node steps/pages.js", "report": "node steps/report.js"}}
            """,
            "steps/clean.js": "for (let i = 0; i < 300; i++) console.log(`removed dist/error-${i}.html`);\n",
            "steps/pages.js": """
                const fs = require("fs");
                for (let i = 0; i < 400; i++) console.log(`page ${i}: ok`);
                fs.readFileSync("templates/chiaroscuro.html");
            """,
            "steps/report.js": "for (let i = 0; i < 900; i++) console.log(`bundle ${i}: ${i * 3} bytes, 0 errors`);\n",
        }
    )
    project.run("npm", "run", "build")
    project.log = stamped(project.log, "npm run build", project.exit)
    message = "ENOENT: no such file or directory, open 'templates/chiaroscuro.html'"
    return [Fact(message, "steps/pages.js", "readFileSync", None, ("chiaroscuro",))]
