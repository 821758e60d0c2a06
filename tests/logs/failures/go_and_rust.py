"""Go and Rust: tests, panics, compilers."""

from tests.logs.failures.cases import HIGH, MEDIUM, Expected, case

CASES = (
    case(
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
    ),
    case(
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
    ),
    case(
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
    ),
    case(
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
    ),
    case(
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
    ),
    case(
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
    ),
    case(
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
    ),
)
