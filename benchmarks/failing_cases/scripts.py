"""Ruby, PHP, shell and SQL: their test runners, and programs that stop."""

from collections.abc import Sequence

from failing_cases.project import Cases, Fact, Project, Tool

RUBY = Tool("ruby", ("ruby", "--version"), "apt", ("ruby",))
MINITEST = Tool("minitest", ("ruby", "-e", "require 'minitest'; puts Minitest::VERSION"), "apt", ("ruby-minitest",))
RSPEC = Tool("rspec", ("rspec", "--version"), "apt", ("ruby-rspec",))
PHP = Tool("php", ("php", "--version"), "apt", ("php-cli",))
PHPUNIT = Tool("phpunit", ("phpunit", "--version"), "apt", ("phpunit",))
BASH = Tool("bash", ("bash", "--version"), "apt", ("bash",))
GIT = Tool("git", ("git", "--version"), "apt", ("git",))
SQLITE = Tool("sqlite3", ("sqlite3", "--version"), "apt", ("sqlite3",))
CASES = Cases()


@CASES.add("minitest", MINITEST, RUBY)
def minitest(project: Project) -> Sequence[Fact]:
    """A failure and an error among 900 verbose passes."""
    project.write(
        {
            "test/stock_test.rb": """
                require "minitest/autorun"

                class StockTest < Minitest::Test
                  900.times do |number|
                    define_method("test_no_error_#{number}") do
                      warn "shelf #{number} is slow" if number % 9 == 0
                      assert number < 900
                    end
                  end

                  def test_counts_lanterns
                    assert_equal 5, 4, "lanterns of hobbledehoy"
                  end

                  def test_finds_the_key
                    {}.fetch(:skeleton_bumfuzzle)
                  end
                end
            """
        }
    )
    project.run("ruby", "test/stock_test.rb", "--verbose", "--seed", "1")
    where = "test/stock_test.rb"
    return [
        Fact("lanterns of hobbledehoy", where, "assert_equal", "test_counts_lanterns", ("hobbledehoy",)),
        Fact("key not found: :skeleton_bumfuzzle", where, "fetch", "test_finds_the_key", ("bumfuzzle",)),
    ]


@CASES.add("rspec", RSPEC, RUBY)
def rspec(project: Project) -> Sequence[Fact]:
    """Documentation in colour: a failure, an error in the source, and 40 pending examples told at length."""
    project.write(
        {
            "lib/parcel.rb": """
                class Parcel
                  def weigh(scale)
                    scale.grams_of_codswallop
                  end
                end
            """,
            "spec/parcel_spec.rb": """
                require_relative "../lib/parcel"

                RSpec.describe "parcels" do
                  500.times { |number| it("has no error in case #{number}") { expect(number).to be < 500 } }
                  40.times { |number| it("is told later #{number}") { pending "not now"; raise "expected failure" } }

                  it "carries a label" do
                    expect("nincompoop").to eq("label")
                  end

                  it "is weighed" do
                    Parcel.new.weigh(nil)
                  end
                end
            """,
        }
    )
    project.run("rspec", "--format", "documentation", "--force-color")
    where = "spec/parcel_spec.rb"
    return [
        Fact('got: "nincompoop"', where, "nincompoop", "carries a label", ("nincompoop",)),
        Fact("undefined method `grams_of_codswallop'", "lib/parcel.rb", "scale.grams", "is weighed", ("codswallop",)),
    ]


@CASES.add("phpunit", PHPUNIT, PHP)
def phpunit(project: Project) -> Sequence[Fact]:
    """A failure and an error in the source among 800 passes in its list of tests."""
    project.write(
        {
            "src/Till.php": """
                <?php
                class Till {
                    public function open(?object $key): string {
                        return $key->turnOfRigmarole();
                    }
                }
            """,
            "tests/TillTest.php": """
                <?php
                require_once __DIR__ . "/../src/Till.php";

                class TillTest extends PHPUnit\\\\Framework\\\\TestCase {
                    public function numbers(): array {
                        return array_map(fn($number) => [$number], range(0, 799));
                    }
                    /** @dataProvider numbers */
                    public function testNoError(int $number): void {
                        $this->assertLessThan(800, $number);
                    }
                    public function testBalance(): void {
                        $this->assertSame(310, 300, "balance of the lickspittle");
                    }
                    public function testOpens(): void {
                        (new Till())->open(null);
                    }
                }
            """.replace("\\\\", "\\"),
        }
    )
    project.run("phpunit", "--verbose", "--debug", "tests")
    return [
        Fact("balance of the lickspittle", "tests/TillTest.php", "assertSame", "testBalance", ("lickspittle",)),
        Fact("member function turnOfRigmarole() on null", "src/Till.php", "turnOf", "testOpens", ("Rigmarole",)),
    ]


@CASES.add("php-fatal", PHP)
def php_fatal(project: Project) -> Sequence[Fact]:
    """A fatal error in an import, after 600 warnings and notices."""
    project.write(
        {
            "import.php": """
                <?php
                require "rows.php";
                for ($row = 0; $row < 300; $row++) {
                    echo "row $row: $missing\\n";
                    echo "row $row imported, 0 errors\\n";
                }
                echo total_of_highfalutin(["gross" => 3]);
            """,
            "rows.php": """
                <?php
                function total_of_highfalutin(array $row): int {
                    return intdiv($row["gross"], count($row) - 1);
                }
            """,
        }
    )
    project.run("php", "-d", "display_errors=stderr", "-d", "html_errors=0", "import.php")
    return [Fact("Uncaught DivisionByZeroError: Division by zero", "rows.php", "intdiv", None, ("highfalutin",))]


@CASES.add("bash-trace", BASH)
def bash_trace(project: Project) -> Sequence[Fact]:
    """A script with set -eux whose trap cleans up at length after the command that failed."""
    project.write(
        {
            "deploy.sh": """
                #!/bin/bash
                set -euxo pipefail
                clean() {
                    for number in $(seq 500); do
                        echo "removed layer $number, ignoring errors"
                    done
                }
                trap clean EXIT
                mkdir -p release
                for number in $(seq 300); do
                    echo "uploading chunk $number of 300: 100% done" > /dev/null
                done
                cp config/flummox.yaml release/
                echo "released, no errors"
            """
        }
    )
    project.run("bash", "deploy.sh")
    return [Fact("cannot stat 'config/flummox.yaml': No such file or directory", None, None, None, ("flummox",))]


@CASES.add("bash-unset", BASH, GIT)
def bash_unset(project: Project) -> Sequence[Fact]:
    """A merge that conflicts, which a script passes over, and an unset variable that ends it."""
    project.write(
        {
            "prices.txt": "fig 3\n",
            "release.sh": """
                set -u
                git() { command git -c user.name=ci -c user.email=ci@example.invalid "$@"; }
                git init -q -b main . && git add prices.txt && git commit -q -m "Add prices"
                git checkout -q -b sale && echo "fig 2" > prices.txt && git commit -qam "Lower prices"
                git checkout -q main && echo "fig 4" > prices.txt && git commit -qam "Raise prices"
                git merge sale
                for number in $(seq 800); do echo "packed file $number, no error"; done
                echo "publishing to $WHIRLIGIG_TOKEN_FILE"
            """,
        }
    )
    project.run("bash", "release.sh")
    return [
        Fact("WHIRLIGIG_TOKEN_FILE: unbound variable", "release.sh", "publishing", None, ("WHIRLIGIG_TOKEN_FILE",)),
        Fact("CONFLICT (content): Merge conflict in prices.txt"),
    ]


@CASES.add("sqlite", SQLITE)
def sqlite(project: Project) -> Sequence[Fact]:
    """A migration of 1,000 echoed statements, of which one names a column that is not there."""
    rows = [f"INSERT INTO item VALUES ({number}, 'error {number}');" for number in range(1000)]
    rows.insert(700, "UPDATE item SET bamboozle = 1;")
    project.write({"migrate.sql": "\n".join(["CREATE TABLE item (number INTEGER, name TEXT);", *rows]) + "\n"})
    project.run("sqlite3", "-bail", "-echo", "shop.db", ".read migrate.sql")
    return [Fact("near line 702: no such column: bamboozle", None, None, None, ("bamboozle",))]
