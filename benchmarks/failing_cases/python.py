"""Python: unittest, tracebacks of programs, and a package that does not build."""

from collections.abc import Sequence

from failing_cases.project import Cases, Fact, Project, Tool

PYTHON = Tool("python", ("python3", "--version"))
SETUPTOOLS = Tool(
    "setuptools",
    ("python3", "-c", "import setuptools, wheel; print(setuptools.__version__)"),
    "pip",
    ("setuptools", "wheel"),
)
CASES = Cases()


@CASES.add("unittest", PYTHON)
def unittest_verbose(project: Project) -> Sequence[Fact]:
    """A failure in a sub-test and an error, among 1,200 verbose passes."""
    project.write(
        {
            "tests/__init__.py": "",
            "tests/test_shelves.py": """
                import sys
                import unittest

                class Shelves(unittest.TestCase):
                    def test_widths(self):
                        for width in range(30):
                            with self.subTest(width=width):
                                self.assertNotEqual(width, 17, "no shelf is this wide: tamarind")

                    def test_opens_catalogue(self):
                        with open("catalogue-vermicelli.json") as file:
                            file.read()

                def passing(number):
                    def check(self):
                        sys.stderr.write(f"[checked shelf {number}: failed=0] ")
                    return check

                for number in range(1200):
                    setattr(Shelves, f"test_shelf_{number:04}", passing(number))
            """,
        }
    )
    project.run("python3", "-m", "unittest", "-v")
    where = "tests/test_shelves.py"
    return [
        Fact("no shelf is this wide", where, "assertNotEqual", "test_widths", ("tamarind",)),
        Fact("No such file or directory", where, "with open", "test_opens_catalogue", ("vermicelli",)),
    ]


@CASES.add("python-chained", PYTHON)
def python_chained(project: Project) -> Sequence[Fact]:
    """A worker that logs 3,000 lines, then dies with three causes in a chain."""
    project.write(
        {
            "worker/__init__.py": "",
            "worker/store.py": """
                def parse(text):
                    name, value = text.split("=", 1)
                    return {name: int(value)}

                def load(text):
                    try:
                        return parse(text)
                    except ValueError as error:
                        raise RuntimeError(f"settings line is broken: {text}") from error
            """,
            "worker/main.py": """
                import logging
                import time

                from worker.store import load

                logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)-8s %(name)s: %(message)s")
                log = logging.getLogger("worker")

                def start():
                    for number in range(3000):
                        log.info("job %05d done in %d ms, retries=0 errors=0", number, number * 37 % 211)
                        if number % 300 == 7:
                            log.error("job %05d failed once, put back in the queue", number)
                    try:
                        load("timeout=obsidian")
                    except RuntimeError:
                        raise SystemError("worker cannot start: halcyon")

                start()
            """,
        }
    )
    project.run("python3", "-m", "worker.main")
    message = "invalid literal for int() with base 10: 'obsidian'"
    return [
        Fact(message, "worker/store.py", "return {name", None, ("obsidian",)),
        Fact("worker cannot start", "worker/main.py", "raise SystemError", None, ("halcyon",)),
    ]


@CASES.add("python-group", PYTHON)
def python_group(project: Project) -> Sequence[Fact]:
    """A group of exceptions out of tasks that run together, after their progress in one rewritten line."""
    project.write(
        {
            "fetch.py": """
                import asyncio
                import sys

                async def fetch(number):
                    await asyncio.sleep(0)
                    if number == 7:
                        raise TimeoutError("mirror of saffron did not answer in 30 s")
                    if number == 9:
                        return {}["etag-jacaranda"]
                    return number

                async def main():
                    for percent in range(101):
                        sys.stderr.write(f"\\rDownloading wheels {percent:3}% {'#' * (percent // 2):50}")
                    for number in range(400):
                        print(f"Collecting package-{number} (from -r requirements.txt (line {number}))")
                    async with asyncio.TaskGroup() as group:
                        for number in range(12):
                            group.create_task(fetch(number))

                asyncio.run(main())
            """
        }
    )
    project.run("python3", "fetch.py")
    return [
        Fact("did not answer in 30 s", "fetch.py", "raise TimeoutError", None, ("saffron",)),
        Fact("KeyError: 'etag-jacaranda'", "fetch.py", "return {}[", None, ("jacaranda",)),
    ]


@CASES.add("pip-build", SETUPTOOLS)
def pip_build(project: Project) -> Sequence[Fact]:
    """A package with an extension in C that does not compile, told by pip with all it did before."""
    project.write(
        {
            "setup.py": """
                from setuptools import Extension, setup

                setup(name="fastsum", version="1.0", packages=["fastsum"],
                      ext_modules=[Extension("fastsum._sum", ["fastsum/_sum.c"])])
            """,
            "fastsum/_sum.c": """
                #include <Python.h>

                static int add(int a, int b) { return a + b; }

                PyMODINIT_FUNC PyInit__sum(void)
                {
                    return PyModule_Create(&mangosteen_module);
                }
            """,
            "fastsum/__init__.py": "",
        }
    )
    project.write({f"fastsum/part_{number}.py": f"VALUE = {number}\n" for number in range(300)})
    project.run("python3", "-m", "pip", "install", "-v", "--no-build-isolation", "--no-index", ".")
    message = "‘mangosteen_module’ undeclared"
    return [Fact(message, "fastsum/_sum.c", "&mangosteen", None, ("mangosteen_module",))]
