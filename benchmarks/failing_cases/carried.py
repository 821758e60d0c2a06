"""Logs as they are carried elsewhere: real programs that fail, in the formats of CI, containers and the journal.

The wrapping is written by `wrapping` as its documentation says; what stands in it was said by programs that ran here.
"""

from collections.abc import Sequence

from failing_cases.native import GCC, MAKE
from failing_cases.project import DOCUMENTED, STAMPED, Cases, Fact, Project
from failing_cases.pytest_runs import PYTEST, XDIST
from failing_cases.python import PYTHON
from failing_cases.wrapping import buildkit, compose, cri, gitlab, interleaved, journal, json_file, stamped, unit_failed

CASES = Cases()

WEB = """
    import json
    import sys

    def answer(number):
        if number == 1100:
            raise LookupError("no price for item rutabaga-7")

    for number in range(1200):
        status = 503 if number % 97 == 5 else 200
        print(json.dumps({"level": "info", "msg": "GET /items", "status": status, "item": number}))
        if status == 503:
            print(f"Error: cache was cold for item {number}, answered late", file=sys.stderr)
        answer(number)
"""
DATABASE = """
    for number in range(1500):
        print(f"2025-03-01 10:00:{number % 60:02}.000 UTC [{number}] LOG:  checkpoint: {number} buffers")
        if number % 200 == 3:
            print(f"2025-03-01 10:00:{number % 60:02}.000 UTC [{number}] ERROR:  canceling statement")
"""
QUEUE = """
    for number in range(1500):
        print(f"\\x1b[32m[info]\\x1b[0m queue length {number}, 0 errors")
"""
LOST = Fact("LookupError: no price for item rutabaga-7", "web.py", "raise LookupError", None, ("rutabaga",))


def _together(project: Project) -> list[tuple[str, bytes]]:
    """Run three programs, and return their lines as if they had run together; the first of them fails."""
    project.write({"web.py": WEB, "database.py": DATABASE, "queue_worker.py": QUEUE})
    project.exit, web = project.capture("python3", "web.py")
    project.commands.append("python3 web.py")
    database = project.capture("python3", "database.py")[1]
    queue = project.capture("python3", "queue_worker.py")[1]
    return interleaved({"web-1": web, "database-1": database, "queue-1": queue})


@CASES.add("compose", PYTHON, form=DOCUMENTED)
def docker_compose(project: Project) -> Sequence[Fact]:
    """Three services whose lines come mixed, of which one dies early and the others go on."""
    project.log = compose(_together(project)) + b"web-1 exited with code 1\n"
    return [LOST]


@CASES.add("docker-json", PYTHON, form=DOCUMENTED)
def docker_json(project: Project) -> Sequence[Fact]:
    """The log of one container as the driver json-file keeps it."""
    project.log = json_file(b"\n".join(line for name, line in _together(project) if name == "web-1"))
    return [LOST]


@CASES.add("cri", PYTHON, form=DOCUMENTED)
def kubernetes(project: Project) -> Sequence[Fact]:
    """The log of one container as Kubernetes keeps it, in which long lines come in parts."""
    project.write(
        {
            "job.py": """
                import json

                def weigh(parcels):
                    return sum(parcels) / len(parcels)

                for number in range(900):
                    print(f"job {number}: " + ", ".join(f"parcel {n} ok" for n in range(number % 12)))
                try:
                    weigh([])
                except ZeroDivisionError as error:
                    raise ValueError("nothing to weigh in depot of Ballyhoo: " + json.dumps(list(range(60)))) from error
            """
        }
    )
    project.run("python3", "job.py")
    project.log = cri(project.log)
    return [
        Fact("ZeroDivisionError: division by zero", "job.py", "return sum"),
        Fact("nothing to weigh in depot", "job.py", "raise ValueError", None, ("Ballyhoo",)),
    ]


@CASES.add("journald-json", PYTHON, form=DOCUMENTED)
def journald(project: Project) -> Sequence[Fact]:
    """Three units in the journal, written by journalctl -o json."""
    project.log = journal(_together(project))
    return [LOST]


@CASES.add("systemd", PYTHON, form=DOCUMENTED)
def systemd(project: Project) -> Sequence[Fact]:
    """The journal in its short form: a unit that fails, is started again five times, and is given up."""
    project.write({"web.py": WEB})
    project.run("python3", "web.py")
    project.log = unit_failed(project.log, "web", project.exit, 5)
    return [LOST, Fact("Start request repeated too quickly", None, None, None, ("start-limit-hit",))]


@CASES.add("github-pytest", PYTEST, XDIST, form=STAMPED)
def github_pytest(project: Project) -> Sequence[Fact]:
    """A job of GitHub Actions in colour: installation, 1,200 tests on two workers, one failure, clean-up."""
    project.write(
        {
            "tests/test_many.py": """
                import logging

                import pytest

                @pytest.mark.parametrize("number", range(1200))
                def test_no_error(number):
                    logging.getLogger("shop").error("retry %d", number)
                    assert number != 613, f"item {number} is a doodad-poppycock"
            """
        }
    )
    project.run("python3", "-m", "pip", "list", "--verbose")
    project.run("python3", "-m", "pytest", "-n", "2", "-v", "--color=yes", "--durations=100", "--durations-min=0")
    project.log = stamped(project.log, "pytest -n 2 -v --color=yes", project.exit)
    message = "item 613 is a doodad-poppycock"
    return [Fact(message, "tests/test_many.py", "assert number", "test_no_error[613]", ("doodad-poppycock",))]


@CASES.add("docker-build", MAKE, GCC, form=DOCUMENTED)
def docker_build(project: Project) -> Sequence[Fact]:
    """A step of docker build that compiles 80 files with warnings, of which one breaks; others are made after it."""
    project.write(
        {
            "Makefile": "all: $(patsubst %.c,%.o,$(sort $(wildcard *.c)))\n%.o: %.c\n\tgcc -Wall -Wextra -c -o $@ $<\n",
            "early.c": """
                struct shelf { int width; };

                int width(struct shelf *shelf)
                {
                    return shelf->width_of_tatterdemalion;
                }
            """,
        }
    )
    project.write(
        {f"part_{number}.c": f"int part_{number}(int unused)\n{{\n    return 0;\n}}\n" for number in range(80)}
    )
    project.run("make", "-k")
    project.log = buildkit(project.log, "8/9", "make -k", project.exit)
    message = "has no member named ‘width_of_tatterdemalion’"
    return [Fact(message, "early.c", "return shelf", "width", ("width_of_tatterdemalion",))]


@CASES.add("gitlab-unittest", PYTHON, form=DOCUMENTED)
def gitlab_unittest(project: Project) -> Sequence[Fact]:
    """A job of GitLab whose tests fail for one cause in a file that all of them read, and once for another."""
    project.write(
        {
            "test_menu.py": """
                import json
                import unittest

                class Menu(unittest.TestCase):
                    def read(self):
                        return json.loads('{"soup": 3, gazpacho: 4}')

                    def test_has_tea(self):
                        self.assertIn("tea", ["mate"], "no tea at all: lapsang")

                for number in range(150):
                    setattr(Menu, f"test_dish_{number}", lambda self: self.assertTrue(self.read()))
            """
        }
    )
    project.run("python3", "-m", "unittest", "-v")
    project.log = gitlab(project.log, "python3 -m unittest -v", project.exit)
    return [
        Fact("JSONDecodeError: Expecting property name", "test_menu.py", "json.loads", "test_dish_0", ("gazpacho",)),
        Fact("no tea at all", "test_menu.py", "assertIn", "test_has_tea", ("lapsang",)),
    ]
