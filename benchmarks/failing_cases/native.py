"""C and C++: compilers under make and ninja, the linker, CMake, and programs that crash."""

from collections.abc import Sequence

from failing_cases.project import STAMPED, Cases, Fact, Project, Tool
from failing_cases.wrapping import stamped

GCC = Tool("gcc", ("gcc", "--version"), "apt", ("gcc",))
GXX = Tool("g++", ("g++", "--version"), "apt", ("g++",))
MAKE = Tool("make", ("make", "--version"), "apt", ("make",))
LD = Tool("ld", ("ld", "--version"), "apt", ("binutils",))
CMAKE = Tool("cmake", ("cmake", "--version"), "apt", ("cmake",))
NINJA = Tool("ninja", ("ninja", "--version"), "apt", ("ninja-build",))
CASES = Cases()

PART = """
    #include "shelf.h"
    int part_{number}(int unused_{number})
    {{
        int error_count_{number};
        return shelf_width(1);
    }}
"""
MAKEFILE = """
    CC = gcc
    CFLAGS = -Wall -Wextra -Wunused
    OBJECTS = $(patsubst %.c,%.o,$(sort $(wildcard src/*.c)))

    app: $(OBJECTS)
    \t$(CC) -o $@ $(OBJECTS)
    %.o: %.c
    \t$(CC) $(CFLAGS) -c -o $@ $<
"""
HEADER = "int shelf_width(int number);\n"


def _parts(count: int, ending: str = "c") -> dict[str, str]:
    """Return sources that compile, with warnings."""
    return {f"src/part_{number:03}.{ending}": PART.format(number=number) for number in range(count)}


@CASES.add("make-gcc", MAKE, GCC, form=STAMPED)
def make_gcc(project: Project) -> Sequence[Fact]:
    """One undeclared name among 150 files with warnings, made two at a time and as far as it goes."""
    project.write({"Makefile": MAKEFILE, "src/shelf.h": HEADER} | _parts(150))
    project.write(
        {
            "src/part_042_shelf.c": """
                #include "shelf.h"
                int shelf_width(int number)
                {
                    return number * gallimaufry_width;
                }
            """
        }
    )
    project.run("make", "-j2", "-k")
    project.log = stamped(project.log, "make -j2 -k", project.exit)
    message = "‘gallimaufry_width’ undeclared"
    return [Fact(message, "src/part_042_shelf.c", "gallimaufry_width", "shelf_width", ("gallimaufry_width",))]


@CASES.add("make-header", MAKE, GCC)
def make_header(project: Project) -> Sequence[Fact]:
    """One broken header that 60 files include, beside a file that gives a function too much."""
    project.write({"Makefile": MAKEFILE, "src/shelf.h": "int shelf_width(cubit_t number);\n"} | _parts(60))
    project.write(
        {
            "src/alone.c": """
                int two(int a, int b) { return a + b; }
                int main(void) { return two(1, 2, 3); }
            """
        }
    )
    project.run("make", "-j2", "-k")
    return [
        Fact("unknown type name ‘cubit_t’", "src/shelf.h", "cubit_t", None, ("cubit_t",)),
        Fact("too many arguments to function ‘two’", "src/alone.c", "two(1, 2, 3)", "main"),
    ]


@CASES.add("gxx-template", GXX)
def gxx_template(project: Project) -> Sequence[Fact]:
    """Three wrong uses of templates, told with every candidate that did not fit."""
    project.write(
        {
            "src/order.cpp": """
                #include <algorithm>
                #include <iostream>
                #include <list>
                #include <map>
                #include <string>

                struct Thimblerig { std::string name; };

                int main()
                {
                    std::list<Thimblerig> orders;
                    std::sort(orders.begin(), orders.end());
                    std::map<Thimblerig, int> counts;
                    std::cout << orders.front();
                    return counts[Thimblerig{"a"}];
                }
            """
        }
    )
    project.run("g++", "-Wall", "-c", "src/order.cpp")
    where = "src/order.cpp"
    return [
        Fact("no match for ‘operator<<’", where, "std::cout <<", "main", ("Thimblerig",)),
        Fact("no match for ‘operator-’", where, "std::sort"),
        Fact("no match for ‘operator<’", where, "counts[Thim"),
    ]


@CASES.add("link-undefined", MAKE, GCC, LD)
def link_undefined(project: Project) -> Sequence[Fact]:
    """Everything compiles, with warnings; one symbol is nowhere."""
    project.write({"Makefile": MAKEFILE, "src/shelf.h": HEADER} | _parts(120))
    project.write(
        {
            "src/main.c": """
                int shelf_width(int number) { return number; }
                int load_wayzgoose_catalogue(void);
                int main(void)
                {
                    return load_wayzgoose_catalogue();
                }
            """
        }
    )
    project.run("make", "CFLAGS=-Wall -Wextra -g")
    message = "undefined reference to `load_wayzgoose_catalogue'"
    return [Fact(message, "src/main.c", "return load_", "main", ("wayzgoose",))]


@CASES.add("cmake-configure", CMAKE)
def cmake_configure(project: Project) -> Sequence[Fact]:
    """A package that is not found, after checks and deprecation warnings, told with traces of what was looked for."""
    project.write(
        {
            "CMakeLists.txt": """
                cmake_minimum_required(VERSION 3.10)
                project(shop C CXX)
                include(CheckSymbolExists)
                foreach(number RANGE 60)
                  message(STATUS "Checking for feature ${number} - error handling found")
                  message(DEPRECATION "feature ${number} is old")
                endforeach()
                find_package(Quokkabase 4.2 REQUIRED COMPONENTS net)
                foreach(number RANGE 300)
                  message(STATUS "never said ${number}")
                endforeach()
            """
        }
    )
    project.run("cmake", "-B", "build", "-S", ".", "-Wdeprecated", "--debug-find")
    message = 'Could not find a package configuration file provided by "Quokkabase"'
    return [Fact(message, "CMakeLists.txt", "find_package", None, ("Quokkabase",))]


@CASES.add("ninja-colour", CMAKE, NINJA, GXX)
def ninja_colour(project: Project) -> Sequence[Fact]:
    """In colour, with ninja's progress rewritten in place: a missing header, and a missing member."""
    project.write(
        {f"src/part_{number}.cpp": f"int part_{number}(int unused) {{ return {number}; }}\n" for number in range(60)}
    )
    project.write(
        {
            "CMakeLists.txt": """
                cmake_minimum_required(VERSION 3.10)
                project(shop CXX)
                set(CMAKE_CXX_FLAGS "-Wall -Wextra -fdiagnostics-color=always")
                file(GLOB SOURCES src/*.cpp)
                add_library(shop ${SOURCES})
            """,
            "src/cart.cpp": """
                struct Cart { int lines; };
                int count(const Cart& cart)
                {
                    return cart.susurrus_lines;
                }
            """,
            "src/sound.cpp": "#include <theremin/wave.h>\nint sound() { return 0; }\n",
        }
    )
    project.run("cmake", "-G", "Ninja", "-B", "build", "-S", ".")
    project.run("ninja", "-C", "build", "-k", "0", "-j", "2", terminal=True, CLICOLOR_FORCE="1")
    return [
        Fact("has no member named ‘susurrus_lines’", "src/cart.cpp", "susurrus", None, ("susurrus_lines",)),
        Fact("theremin/wave.h: No such file", "src/sound.cpp", "theremin", None, ("theremin",)),
    ]


@CASES.add("asan", GCC)
def asan(project: Project) -> Sequence[Fact]:
    """A use after free found by the address sanitizer, after 1,500 lines of a running program."""
    project.write(
        {
            "src/pool.c": """
                #include <stdio.h>
                #include <stdlib.h>

                static int *grow_farandole(int count)
                {
                    int *shelf = calloc(count, sizeof *shelf);
                    free(shelf);
                    return shelf;
                }

                int main(void)
                {
                    for (int number = 0; number < 1500; number++)
                        fprintf(stderr, "[%d] allocation ok, errors: 0\\n", number);
                    int *shelf = grow_farandole(10);
                    return shelf[3];
                }
            """
        }
    )
    project.run("gcc", "-g", "-fsanitize=address", "-o", "app", "src/pool.c")
    project.run("./app")
    message = "AddressSanitizer: heap-use-after-free"
    return [
        Fact(message, "src/pool.c", "return shelf[3]", "main"),
        Fact("freed by thread T0 here", "src/pool.c", "free(shelf)", None, ("grow_farandole",)),
    ]


@CASES.add("ctest", CMAKE, NINJA, GCC)
def ctest(project: Project) -> Sequence[Fact]:
    """One test of 200 aborts in an assertion, one is killed for its time; told with their output."""
    project.write(
        {
            "CMakeLists.txt": """
                cmake_minimum_required(VERSION 3.10)
                project(shop C)
                enable_testing()
                add_executable(check check.c)
                foreach(number RANGE 200)
                  add_test(NAME shelf_${number} COMMAND check ${number})
                endforeach()
                set_tests_properties(shelf_150 PROPERTIES TIMEOUT 1)
            """,
            "check.c": """
                #include <assert.h>
                #include <stdio.h>
                #include <stdlib.h>
                #include <unistd.h>

                int main(int count, char **words)
                {
                    int shelf = atoi(words[count - 1]);
                    for (int step = 0; step < 40; step++)
                        printf("shelf %d step %d: no error\\n", shelf, step);
                    fflush(stdout);
                    if (shelf == 150)
                        sleep(30);
                    assert(shelf != 77 && "shelf of the bandersnatch");
                    return 0;
                }
            """,
        }
    )
    project.run("cmake", "-G", "Ninja", "-B", "build", "-S", ".")
    project.run("cmake", "--build", "build")
    project.run("ctest", "--test-dir", "build", "-V")
    return [
        Fact("Assertion `shelf != 77", "check.c", "assert(shelf", "shelf_77", ("bandersnatch",)),
        Fact("***Timeout", None, None, "shelf_150"),
    ]
