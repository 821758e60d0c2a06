"""Go: go build, go test with its verbose passes, and a panic with all its goroutines."""

from collections.abc import Sequence

from failing_cases.project import Cases, Fact, Project, Tool

GO = Tool("go", ("go", "version"), "apt", ("golang",))
CASES = Cases()

MODULE = "module shop\n\ngo 1.19\n"
NOISE = """
    package shop

    import (
        "fmt"
        "testing"
    )

    func TestNoise(t *testing.T) {
        for i := 0; i < 400; i++ {
            i := i
            t.Run(fmt.Sprintf("item %d is no error", i), func(t *testing.T) {
                t.Logf("item %d: FAILED before, passes now", i)
            })
        }
    }
"""


@CASES.add("go-build", GO)
def go_build(project: Project) -> Sequence[Fact]:
    """Errors in two packages, with -v and -x telling each step of 40 others."""
    names = [f"part{number}" for number in range(40)]
    project.write({f"{name}/{name}.go": f"package {name}\n\nfunc Value() int {{ return 1 }}\n" for name in names})
    project.write(
        {
            "go.mod": MODULE,
            "cart/cart.go": """
                package cart

                func Total(lines []int) int {
                    var gross string = lumberjack(lines)
                    return gross
                }
            """,
            "till/till.go": """
                package till

                import "os"

                func Open() int {
                    kerfuffle := 3
                    return 1
                }
            """,
        }
    )
    project.run("go", "build", "-v", "-x", "./...")
    return [
        Fact("undefined: lumberjack", "cart/cart.go", "var gross", None, ("lumberjack",)),
        Fact("kerfuffle declared but not used", "till/till.go", "kerfuffle :=", None, ("kerfuffle",)),
    ]


@CASES.add("go-test", GO)
def go_test(project: Project) -> Sequence[Fact]:
    """Two failing tests among 400 verbose sub-tests whose own logs speak of failures."""
    project.write(
        {
            "go.mod": MODULE,
            "noise_test.go": NOISE,
            "stock_test.go": """
                package shop

                import "testing"

                func TestStockOfLanterns(t *testing.T) {
                    for _, shelf := range []int{1, 2, 3} {
                        if shelf == 2 {
                            t.Errorf("shelf %d: got 4 lanterns, want 5 (catawampus)", shelf)
                        }
                    }
                }

                func TestOpensLedger(t *testing.T) {
                    t.Fatal("ledger flibbertigibbet.db: file is not a database")
                }
            """,
        }
    )
    project.run("go", "test", "-v", "./...")
    where = "stock_test.go"
    return [
        Fact("got 4 lanterns, want 5", where, "t.Errorf", "TestStockOfLanterns", ("catawampus",)),
        Fact("file is not a database", where, "t.Fatal", "TestOpensLedger", ("flibbertigibbet",)),
    ]


@CASES.add("go-panic", GO)
def go_panic(project: Project) -> Sequence[Fact]:
    """A nil pointer in a test while 80 goroutines wait, all of which are told."""
    project.write(
        {
            "go.mod": MODULE,
            "noise_test.go": NOISE,
            "queue.go": """
                package shop

                type Queue struct{ next *Queue }

                func (queue *Queue) Skedaddle() *Queue {
                    return queue.next.next
                }
            """,
            "queue_test.go": """
                package shop

                import "testing"

                func TestQueueMovesOn(t *testing.T) {
                    block := make(chan int)
                    for i := 0; i < 80; i++ {
                        go func() { <-block }()
                    }
                    (&Queue{}).Skedaddle()
                }
            """,
        }
    )
    project.run("go", "test", "-v", "./...", GOTRACEBACK="all")
    message = "invalid memory address or nil pointer dereference"
    return [Fact(message, "queue.go", "return queue", "TestQueueMovesOn", ("Skedaddle",))]
