"""The command `loopflow`: its members, what it says of them, and that `loopflow code` is `code-context`."""

import os
import shutil
import sys
from pathlib import Path
from types import MappingProxyType

import pytest

import loopflow
from loopflow.cli import main as module
from loopflow.cli.main import MEMBERS, Member
from tests.support.builder import Repo
from tests.support.run import Result, run, run_process

FAMILY = module.loopflow
PROGRAM = (sys.executable, "-c", "from loopflow.cli.main import main; main()")
LISTING = "import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--profile",),
        ("--profile", "--format", "json"),
        ("--profile", "--check"),
        ("--show-config",),
        ("missing",),
        ("--rev", "nowhere"),
        ("--nonsense",),
        ("--format", "x"),
        ("--depth",),
        ("--version",),
    ],
)
def test_loopflow_code_is_code_context(sample: Path, arguments: tuple[str, ...]) -> None:
    """Byte for byte, but for the program's name where it says who speaks or how it is used."""
    alone = run(*arguments, cwd=sample)
    member = run("code", *arguments, cwd=sample, command=FAMILY)
    lines = alone.err.replace("code-context: ", "loopflow code: ").replace("see code-context ", "see loopflow code ")
    version = alone.out.replace("code-context ", "loopflow code ") if arguments == ("--version",) else alone.out
    assert member == Result(alone.code, version, lines)


def test_its_help_is_that_of_code_context(sample: Path) -> None:
    """The usage names what was called; everything else is the same."""
    alone, member = run("--help", cwd=sample), run("code", "--help", cwd=sample, command=FAMILY)
    usage = "Usage: {} [OPTIONS] [PATHS]..."
    assert member.code == 0
    assert member.out == alone.out.replace(usage.format("code-context"), usage.format("loopflow code"))


@pytest.mark.parametrize("arguments", [(), ("--help",), ("-h",)])
def test_help_lists_what_there_is(sample: Path, arguments: tuple[str, ...]) -> None:
    """A line for each member, and none of them is imported for it."""
    result = run(*arguments, cwd=sample, command=FAMILY)
    assert (result.code, result.err) == (0, "")
    for name, member in MEMBERS.items():
        assert f" {name} {member.summary} " in f"{' '.join(result.out.split())} "
    program = (sys.executable, "-c", LISTING + PROGRAM[2])
    loaded = run_process(*arguments, cwd=sample, program=program).err.split()
    assert "loopflow.cli.main" in loaded
    assert not {"loopflow.cli.code_context", "loopflow.usecases", "loopflow.io", "loopflow.render"} & {*loaded}


@pytest.mark.parametrize(
    ("word", "hint"),
    [("cod", "did you mean code?"), ("zzz", f"there are {', '.join(MEMBERS)}"), ("\x1b[1m", "there are")],
)
def test_an_unknown_word_suggests(sample: Path, word: str, hint: str) -> None:
    """What is no member is an error that names one."""
    result = run(word, cwd=sample, command=FAMILY)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("loopflow: error: there is no command ")
    assert hint in result.err
    assert result.err.removesuffix("\n").isprintable()


def test_a_member_without_its_extra_says_how_to_install_it(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is imported, and the line can be pasted."""
    member = Member("nowhere:command", "What is not here.", "logs", ("a_module_that_is_not_there",))
    monkeypatch.setattr(module, "MEMBERS", MappingProxyType({"logs": member}))
    result = run("logs", "--help", cwd=sample, command=FAMILY)
    line = "loopflow logs needs more than what is installed; pip install 'loopflow-code-context[logs]'"
    assert result == Result(2, "", f"loopflow: error: {line}\n")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_can_complete_members_and_their_options(shell: str, sample: Path) -> None:
    """The script that the documentation installs is printed; a member completes as it does by itself."""
    script = run_process(cwd=sample, env={"_LOOPFLOW_COMPLETE": f"{shell}_source"}, program=PROGRAM)
    assert (script.code, script.err) == (0, "")
    assert "loopflow" in script.out
    for words, number, part, found in (("loopflow co", 1, "co", "code"), ("loopflow code --format j", 3, "j", "json")):
        env = {"COMP_WORDS": words, "COMP_CWORD": part if shell == "fish" else str(number)}
        done = run_process(cwd=sample, env={"_LOOPFLOW_COMPLETE": f"{shell}_complete", **env}, program=PROGRAM)
        assert (done.code, done.err) == (0, "")
        assert found in done.out


def test_a_wing_is_a_folder_a_file_and_a_line(tmp_path: Path, repo: Repo) -> None:
    """A new member needs a folder of its own, one file in cli/ and one line in the table, and the layers hold."""
    source = Path(loopflow.__file__).parent
    package = shutil.copytree(source, tmp_path / "loopflow", ignore=shutil.ignore_patterns("vocab", "__pycache__"))
    (package / "fleet").mkdir()
    (package / "fleet" / "__init__.py").write_text('"""A wing."""\n\n\ndef answer() -> str:\n    return "42"\n')
    (package / "cli" / "fleet.py").write_text(
        "import click\n"
        "from loopflow.console.command import Action\n"
        "from loopflow.console.console import Console\n"
        "from loopflow.errors import ExitCode\n\n\n"
        "@click.command()\n@click.pass_context\ndef fleet(context):\n"
        "    return Action(context.command_path, _run)\n\n\n"
        "def _run(console, here):\n"
        "    from loopflow.fleet import answer\n"
        "    console.write(answer())\n"
        "    return ExitCode.OK\n"
    )
    table = package / "cli" / "main.py"
    line = '        "fleet": Member("loopflow.cli.fleet:fleet", "Fleets."),\n'
    table.write_text(table.read_text().replace('        "code": Member(', f'{line}        "code": Member(', 1))
    env = {"PYTHONPATH": os.fspath(tmp_path)}
    assert run_process("fleet", cwd=repo.root, env=env, program=PROGRAM) == Result(0, "42", "")
    shutil.copy(source.parent / "pyproject.toml", tmp_path)
    layers = run_process(
        cwd=tmp_path,
        env=env,
        program=(sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"),
    )
    assert "Imports point one way KEPT" in layers.out, layers
