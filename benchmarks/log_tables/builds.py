"""Steps of a build as tools print them: installing, compiling, testing, packing, and what is thrown meanwhile."""

from collections.abc import Callable, Iterator
from random import Random

from log_tables.slots import camel, choice_of, line, name

Step = Callable[[Random, int], Iterator[str]]
RUNS_FROM = "/home/runner/work/shop/shop"
KINDS = 1_500


def _repeat(*texts: str) -> Step:
    """Return a step that prints lines of a few kinds, about some hundred things."""
    say = choice_of(KINDS, *texts)

    def step(chance: Random, lines: int) -> Iterator[str]:
        for _ in range(lines):
            yield say(chance)

    return step


maven_downloads = _repeat(
    "[INFO] Downloading from central: https://repo.maven.apache.org/maven2/org/{noun}/{name}/{version}/{name}.pom",
    "[INFO] Downloaded from central: https://repo.maven.apache.org/maven2/org/{noun}/{name}/{version}/{name}.pom"
    " ({int} B at {few} kB/s)",
    "Progress ({few}): {few}/{int} kB",
)
pip = _repeat(
    "Collecting {name}=={version}",
    "  Downloading {name}-{version}-py3-none-any.whl.metadata ({few} kB)",
    "Requirement already satisfied: {name}>={version} in ./venv/lib/python3.12/site-packages (from {name}) ({version})",
    "     ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━ {few}.{few}/{few}.{few} MB {few}.{few} MB/s eta 0:00:00",
)
npm = _repeat(
    "npm http fetch GET 200 https://registry.npmjs.org/{name} {ms}ms (cache miss)",
    "npm warn deprecated {name}@{version}: this version is no longer supported",
    "npm http fetch GET 200 https://registry.npmjs.org/@{noun}%2f{name} {ms}ms (cache revalidated)",
)
apt = _repeat(
    "Get:{few} http://archive.ubuntu.com/ubuntu noble/main amd64 lib{name} amd64 {version}-{few}ubuntu{few} [{int} kB]",
    "Selecting previously unselected package lib{name}:amd64.",
    "Preparing to unpack .../{few}-lib{name}_{version}-{few}ubuntu{few}_amd64.deb ...",
    "Unpacking lib{name}:amd64 ({version}-{few}ubuntu{few}) ...",
    "Setting up lib{name}:amd64 ({version}-{few}ubuntu{few}) ...",
)
cargo = _repeat(
    "   Compiling {name} v{version}",
    "   Compiling {name}-{noun} v{version} (/home/runner/work/shop/shop/crates/{name})",
    "  Downloaded {name} v{version}",
    "       Fresh {name} v{version}",
)
docker = _repeat(
    "#{few} [{noun} {few}/{few}] RUN make -C {name} install",
    "#{few} {few}.{ms} sha256:{sha} {few}.{few}MB / {few}.{few}MB {few}.{few}s",
    "#{few} {few}.{ms} libtool: compile:  gcc -DHAVE_CONFIG_H -I. -I../include -O2 -c {name}.c -o .libs/{name}.o",
    "#{few} CACHED",
    "#{few} DONE {few}.{few}s",
)
webpack = _repeat(
    "asset {name}.{hex}.js {int} bytes [emitted] [immutable] [minimized] (name: {name}) {few} related assets",
    "  ./src/{noun}/{name}.tsx {int} bytes [built] [code generated]",
    "  modules by path ./node_modules/{name}/ {int} KiB {few} modules",
    "<s> [webpack.Progress] {percent}% building {few}/{int} modules {name}",
)
gtest = _repeat(
    "[ RUN      ] {camel}Test.{camel}",
    "[       OK ] {camel}Test.{camel} ({ms} ms)",
    "[----------] {few} tests from {camel}Test ({ms} ms total)",
)
junit = _repeat(
    "[INFO] Running com.example.{noun}.{camel}Test",
    "[INFO] Tests run: {few}, Failures: 0, Errors: 0, Skipped: 0, Time elapsed: {few}.{ms} s - in"
    " com.example.{noun}.{camel}Test",
    "[WARNING] /home/runner/work/shop/shop/src/main/java/com/example/{noun}/{camel}.java:[{line},{few}] {name}() in"
    " {camel} has been deprecated",
)
git = _repeat(
    "Receiving objects:  {percent}% ({int}/{int}), {few}.{few} MiB | {few}.{few} MiB/s",
    " * [new branch]      feature/{name} -> origin/feature/{name}",
    " * [new tag]         v{version} -> v{version}",
    "{sha}",
)

GCC_LINE = choice_of(
    KINDS,
    "gcc -std=c11 -O2 -g -Wall -Wextra -Wshadow -Wpointer-arith -Wstrict-prototypes -fPIC -fno-omit-frame-pointer"
    " -I/home/runner/work/shop/shop/include -I/home/runner/work/shop/shop/build/{noun}/include -D_GNU_SOURCE"
    " -DHAVE_CONFIG_H -DNDEBUG -MMD -MP -MF build/{noun}/{name}.d -c src/{noun}/{name}.c"
    " -o build/{noun}/{name}.o",
)
GCC_SHORT = choice_of(KINDS, "[{percent}%] Building C object src/{noun}/CMakeFiles/{name}.dir/{name}.c.o")
GCC_WARNING = line(
    "src/{noun}/{name}.c:{line}:{few}: warning: unused variable '{name}' [-Wunused-variable]\n"
    "  {line} |     int {name} = {int};\n"
    "      |         ^~~~~~~~"
)
GCC_ERROR = line(
    "src/{noun}/{name}.c: In function '{name}':\n"
    "src/{noun}/{name}.c:{line}:{few}: error: implicit declaration of function '{name}'\n"
    "  {line} |     return {name}({noun});\n"
    "      |            ^~~~~~~~"
)


def compilers(chance: Random, lines: int) -> Iterator[str]:
    """Yield what make and gcc print, with warnings and, seldom, an error."""
    for _ in range(lines):
        share = chance.random()
        kind = GCC_LINE if share < 0.4 else GCC_SHORT if share < 0.95 else GCC_WARNING
        yield (GCC_ERROR if share > 0.9995 else kind)(chance)


PASSED = choice_of(
    KINDS,
    "tests/unit/services/{noun}/test_{name}.py::Test{camel}::test_{name}_keeps_its_{noun}[{noun}-{few}-{name}]"
    " PASSED                [{percent}%]",
)
GO_PASSED = choice_of(KINDS, "=== RUN   Test{camel}/{name}\n    --- PASS: Test{camel}/{name} (0.{few}s)")
JEST_PASSED = choice_of(KINDS, "    ✓ {noun} keeps its {name} when {name} changes ({ms} ms)")
JEST_FILE = choice_of(KINDS, "PASS src/{noun}/{name}.test.ts ({few}.{few} s)")
FAILED = line("tests/{noun}/test_{name}.py::Test{camel}::test_{name} FAILED                [{percent}%]")
PYTEST_FAILURE = line(
    "________________________ Test{camel}.test_{name} ________________________\n\n"
    "self = <tests.test_{name}.Test{camel} object at 0x7f{long}>\n\n"
    "    def test_{name}(self):\n"
    ">       assert {name}({int}) == {int}\n"
    "E       assert {int} == {int}\n"
    "E        +  where {int} = {name}({int})\n\n"
    "tests/{noun}/test_{name}.py:{line}: AssertionError"
)
GO_FAILURE = line(
    "--- FAIL: Test{camel} (0.{few}s)\n    {name}_test.go:{line}: got {int}, want {int}\nFAIL\n"
    "FAIL\tgithub.com/example/shop/{name}\t{few}.{ms}s"
)
JEST_FAILURE = line(
    "  ● {noun} \u203a keeps its {name}\n\n    expect(received).toBe(expected)\n\n"
    "    Expected: {int}\n    Received: {int}\n\n"
    "      at Object.<anonymous> (src/{noun}/{name}.test.ts:{line}:{few})"
)


def _tests(passed: list[Callable[[Random], str]], failure: Callable[[Random], str], end: str) -> Step:
    """Return a step that prints what passes, then what fails, then how many."""

    def step(chance: Random, lines: int) -> Iterator[str]:
        for _ in range(lines):
            yield chance.choice(passed)(chance)
        failed = int(chance.random() * 3)
        for _ in range(failed):
            yield failure(chance)
        yield end.format(failed=failed, passed=lines)

    return step


pytest = _tests([PASSED], PYTEST_FAILURE, "==== {failed} failed, {passed} passed in 12.75s ====")
go = _tests([GO_PASSED], GO_FAILURE, "# {failed} of {passed}")
jest = _tests(
    [JEST_PASSED, JEST_PASSED, JEST_PASSED, JEST_FILE],
    JEST_FAILURE,
    "\nTests:       {failed} failed, {passed} passed\nTime:        12.75 s",
)

JAVA_FRAME = choice_of(KINDS, "\tat com.example.{noun}.{camel}.{name}({camel}.java:{line})")
PYTHON_FRAME = choice_of(
    KINDS,
    '  File "/home/runner/work/shop/shop/{noun}/{name}.py", line {line}, in {name}\n    return self.{name}({noun})',
)
NODE_FRAME = choice_of(KINDS, "    at {camel}.{name} (/home/runner/work/shop/shop/src/{noun}/{name}.js:{line}:{few})")
JAVA_HEAD = line("java.lang.IllegalStateException: {noun} {int} has no {name}")
JAVA_CAUSE = line("Caused by: java.net.SocketTimeoutException: {host} did not answer within {ms} ms")
PYTHON_END = line("{noun}.errors.{camel}Error: {name} of {noun} {int} is not known")
NODE_HEAD = line("TypeError: Cannot read properties of undefined (reading '{name}')")


def java_trace(chance: Random) -> list[str]:
    """Return an exception with its cause."""
    frames = [JAVA_FRAME(chance) for _ in range(8 + int(chance.random() * 30))]
    more = f"\t... {len(frames)} more"
    return [JAVA_HEAD(chance), *frames, JAVA_CAUSE(chance), *(JAVA_FRAME(chance) for _ in range(5)), more]


def python_trace(chance: Random) -> list[str]:
    """Return a traceback."""
    frames = [PYTHON_FRAME(chance) for _ in range(3 + int(chance.random() * 12))]
    return ["Traceback (most recent call last):", *frames, PYTHON_END(chance)]


def node_trace(chance: Random) -> list[str]:
    """Return an error of node."""
    return [NODE_HEAD(chance), *(NODE_FRAME(chance) for _ in range(4 + int(chance.random() * 6)))]


def go_panic(chance: Random) -> list[str]:
    """Return a panic."""
    head = ["panic: runtime error: invalid memory address or nil pointer dereference", "", "goroutine 1 [running]:"]
    frames = [
        f"main.{camel(chance)}(0xc000{chance.getrandbits(24):06x})\n\t{RUNS_FROM}/{name(chance)}.go:{line} +0x1d"
        for line in (3, 10, 17, 24)
    ]
    return [*head, *frames, "exit status 2"]


STEPS: tuple[Step, ...] = (
    *(maven_downloads, pip, npm, apt, cargo, docker, webpack, gtest, junit, git),
    *(compilers, compilers, pytest, pytest, go, jest),
)
TRACES = (java_trace, python_trace, node_trace, go_panic)
