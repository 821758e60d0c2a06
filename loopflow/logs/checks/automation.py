"""Whether tokens are validated without anybody thinking of it: in a job, and at each commit."""

import os
import re
import shlex
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from loopflow.analysis.names import escape_name
from loopflow.errors import LoopflowError
from loopflow.logs.checks.model import Case, Finding, absent, failed, passed

_WORKFLOWS: Final = ".github/workflows"
_GITLAB: Final = ".gitlab-ci.yml"
_PRE_COMMIT: Final = ".pre-commit-config.yaml"
_MOST_BYTES: Final = 1_000_000
_COMMAND: Final = re.compile(r"\bloopflow logs (?:--)?validate-ci(?=\s|$)")
_EXPRESSION: Final = re.compile(r"\$\{\{.*?\}\}")
_END: Final = re.compile(r"\s(?:\|\|?|&&|;|>|2>|&)(?:\s|$)")
_HOOKS: Final = re.compile(r"^\s*-?\s*id:\s*[\"']?(token-validation|code-context-budget)\b", re.MULTILINE)
_HOOKS_PATH: Final = re.compile(r"^\s*hooksPath\s*=\s*(.+?)\s*$", re.MULTILINE | re.IGNORECASE)


class Command(NamedTuple):
    """A command line of validate-ci in a file of a job, where it is, and why its failure would go unnoticed, if so."""

    where: str
    arguments: Sequence[str]
    hidden: str


def check_ci(case: Case) -> Finding:
    """Look whether a job validates tokens, with options that there are, and fails where they do."""
    commands = list(find_commands(case.root))
    for command in commands:
        try:
            case.read_command(command.arguments)
        except LoopflowError as error:
            return failed(f"{escape_name(command.where)}: {error.message}", "see loopflow logs validate-ci --help")
        if command.hidden:
            return failed(f"{escape_name(command.where)}: {command.hidden} hides that it fails", "take it away there")
    if not commands:
        return absent(
            f"no job in {_WORKFLOWS} or {_GITLAB} runs validate-ci",
            "write such a step, as the documentation of validate-ci shows it",
        )
    return passed(f"{escape_name(commands[0].where)} runs validate-ci")


def find_commands(root: str) -> Iterator[Command]:
    """Yield the command lines of validate-ci in the files of jobs below `root`."""
    for path in _list_jobs(root):
        lines = _read(os.path.join(root, path)).split("\n")
        for place, line in enumerate(lines):
            found = _COMMAND.search(line)
            if found and not line.lstrip().startswith("#"):
                text = _join(lines, place, found.end())
                yield Command(f"{path}:{place + 1}", _split(text), _find_hidden(lines, place, text))


def _list_jobs(root: str) -> list[str]:
    try:
        names = sorted(os.listdir(os.path.join(root, _WORKFLOWS)))
    except OSError:
        names = []
    return [*(f"{_WORKFLOWS}/{name}" for name in names if name.endswith((".yml", ".yaml"))), _GITLAB]


def _read(path: str) -> str:
    """Return the text of a regular file, nothing of anything else."""
    if not os.path.isfile(path):
        return ""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(_MOST_BYTES)
    except OSError:
        return ""


def _join(lines: Sequence[str], place: int, start: int) -> str:
    """Return a command from behind its name to its end, over the lines that it goes on in."""
    parts = [lines[place][start:]]
    while parts[-1].rstrip().endswith("\\") and place + 1 < len(lines):
        place += 1
        parts[-1] = parts[-1].rstrip()[:-1]
        parts.append(lines[place])
    return _EXPRESSION.sub("$EXPRESSION", " ".join(parts))


def _split(text: str) -> Sequence[str]:
    end = _END.search(f"{text} ")
    command = text[: end.start()] if end else text
    try:
        return shlex.split(command, comments=True)
    except ValueError:
        return command.split()


def _find_hidden(lines: Sequence[str], place: int, text: str) -> str:
    """Say what lets a job pass although the command fails, "" for nothing."""
    if re.search(r"\|\|\s*(?:true|:|exit 0|echo\b)", text):
        return "what stands behind ||"
    begin = place
    while begin and not lines[begin].lstrip().startswith("- "):
        begin -= 1
    end = place + 1
    while end < len(lines) and not lines[end].lstrip().startswith("- "):
        end += 1
    step = [line.strip().removeprefix("- ") for line in lines[begin:end]]
    return "continue-on-error" if any(re.match(r"continue-on-error:\s*true\b", line) for line in step) else ""


def check_hook(case: Case) -> Finding:
    """Look whether the hook that is configured is installed."""
    found = _HOOKS.search(_read(os.path.join(case.root, _PRE_COMMIT)))
    if found is None:
        return absent(
            f"{_PRE_COMMIT} has no hook token-validation", "add it, as the documentation of validate-ci shows it"
        )
    hook = os.path.join(_find_hooks(case.root), "pre-commit")
    if not os.path.isfile(hook):
        return failed(f"the hook {found[1]} is configured and not installed", "pre-commit install")
    if not os.access(hook, os.X_OK):
        return failed("the hook pre-commit of the repository cannot be executed", "pre-commit install -f")
    if "pre-commit" not in _read(hook) and "pre_commit" not in _read(hook):
        return failed("the hook pre-commit of the repository does not call pre-commit", "pre-commit install -f")
    return passed(f"the hook {found[1]} is installed")


def _find_hooks(root: str) -> str:
    """Return where git looks for the hooks of a repository; what a config of the user's says is not looked at."""
    git = os.path.join(root, ".git")
    if os.path.isfile(git):
        git = os.path.join(root, _read(git).partition("gitdir:")[2].strip())
    common = _read(os.path.join(git, "commondir")).strip()
    git = os.path.normpath(os.path.join(git, common))
    named = _HOOKS_PATH.search(_read(os.path.join(git, "config")))
    return os.path.join(root, os.path.expanduser(named[1].strip('"'))) if named else os.path.join(git, "hooks")
