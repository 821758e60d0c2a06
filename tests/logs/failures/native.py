"""C and C++, and the kernel: compilers, linkers, sanitizers, test runners."""

from tests.logs.failures.cases import HIGH, MEDIUM, Expected, case

CASES = (
    case(
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
    ),
    case(
        "linker",
        "/usr/bin/ld: main.o: in function `main':\nmain.c:5: undefined reference to `load_tea'\n"
        "collect2: error: ld returned 1 exit status\n",
        Expected("linker", 1, 2, "load_tea"),
        Expected("compiler", 3, 3, "ld returned"),
    ),
    case(
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
    ),
    case(
        "cmake",
        '-- Checking for feature 7 - found\nCMake Error at CMakeLists.txt:8 (find_package):\n  Could not find "Tea"\n\n'
        "CMake Error at CMakeLists.txt:9 (message):\n  no tea\nready\n",
        Expected("cmake", 2, 3, "CMakeLists.txt:8"),
        Expected("cmake", 5, 6, "CMakeLists.txt:9"),
    ),
    case(
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
    ),
    case(
        "ctest",
        "  1/2 Test #1: shelf_77 ....***Failed  0.00 sec\n  2/2 Test #2: shelf_78 ....   Passed  0.01 sec\n"
        "The following tests FAILED:\n\t  1 - shelf_77 (Failed)\n",
        Expected("test name", 1, 1, "shelf_77", "", HIGH),
        Expected("ctest", 3, 4, "following tests FAILED"),
    ),
    case(
        "catch",
        "cart.cpp:12: FAILED:\n  CHECK( sum() == 310 )\nwith expansion:\n  300 == 310\n"
        "cart.cpp:18: FAILED:\n  CHECK( open() )\nready\n",
        Expected("catch", 1, 4, "cart.cpp:12"),
        Expected("catch", 5, 6, "cart.cpp:18"),
    ),
    case(
        "kernel",
        "[ 12.3] usb 1-1: new device\n[ 14.1] BUG: unable to handle page fault for address: 0018\n"
        "[ 14.1] CPU: 1 PID: 99 Comm: tea\n[ 14.1] Call Trace:\n[ 15.0] usb 1-1: gone\n",
        Expected("kernel", 2, 4, "BUG: unable"),
    ),
)
