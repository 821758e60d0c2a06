"""Words of other tools, and what to type here instead. They are answered and not obeyed: one thing has one name.

The options are those of repomix, code2prompt, gitingest, files-to-prompt, scc, tokei and git-sizer, as their own help
has them. A word is a habit only where it is no path and no option of ours.
"""

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import NamedTuple

from loopflow.analysis.names import escape_name
from loopflow.errors import MissingPathError, UsageError

_NEAR = 0.8
"""How much of two names has to be the same for one to be the other, mistyped: "--remote" is no "--report"."""
_URL = re.compile(r"(?:[a-z][a-z0-9+.-]*://|[\w.-]+@[\w.-]+:|(?:www\.)?(?:github|gitlab)\.com/)\S+", re.IGNORECASE)


class Habit(NamedTuple):
    """Words that other tools have for one thing, and what to type for it here."""

    words: tuple[str, ...]
    hint: str


_CLONE = "clone it first, with git clone URL, and run code-context in the clone"
_AS_IT_IS = "files are printed whole and as they are; --exclude GLOB and --fit N leave files out"

OPTIONS = (
    Habit(("--json",), "use --profile --format json"),
    Habit(
        (
            *("--ignore", "--ignore-pattern", "--ignore-patterns", "--exclude-pattern", "--exclude-patterns"),
            *("--exclude-dir", "--exclude-file", "--not-match"),
        ),
        "use --exclude GLOB, once for each pattern",
    ),
    Habit(("--exclude-ext",), "use --exclude '*.EXT', once for each suffix"),
    Habit(
        ("--include-pattern", "--include-patterns", "--filter", "--match"),
        "use --include GLOB, once for each pattern, or -e EXT",
    ),
    Habit(("-i",), "use --include GLOB, --exclude GLOB or -e EXT"),
    Habit(("--ext", "--include-ext", "--type", "--types", "--lang", "--language"), "use -e EXT, such as -e py,md"),
    Habit(("--out", "--output-file", "-O"), "use -o FILE"),
    Habit(("--stdout",), "it goes to standard output anyway; leave it out"),
    Habit(("--clipboard", "--to-clipboard", "--copy-to-clipboard"), "use --copy"),
    Habit(("-c",), "use --copy for the clipboard; XML documents are what is printed anyway"),
    Habit(("--no-clipboard",), "nothing is copied unless --copy is given; leave it out"),
    Habit(
        (
            *("--style", "--parsable-style", "--output-format", "-F", "--cxml", "--xml", "--markdown", "-m", "--plain"),
            *("--template", "--no-codeblock"),
        ),
        "XML documents are printed, or with -r path and text; leave it out",
    ),
    Habit(("--compress", "--remove-comments", "--remove-empty-lines", "--truncate-base64"), _AS_IT_IS),
    Habit(
        ("--max-size", "--max-file-size", "--large-byte-count"),
        "use --fit N for a limit in tokens, or --exclude GLOB",
    ),
    Habit(("--max-tokens", "--token-limit", "--token-budget"), "use --fit N"),
    Habit(("--model",), "use --fit NAME, or --profile --window NAME; --encoding NAME says what counts"),
    Habit(("--tokens", "--token-count"), "use --profile"),
    Habit(("--token-count-tree", "--token-map", "--by-file"), "use --profile --files"),
    Habit(("--top-files-len", "--top-files"), "use --profile --top N"),
    Habit(
        ("--sort", "-s"),
        "files come in the order of their paths; --profile lists the largest, and --fit N keeps to a size",
    ),
    Habit(("--output-show-line-numbers", "--line-number", "-l", "-n"), "use --line-numbers"),
    Habit(("--full-directory-tree", "--include-full-directory-structure", "--directory-structure"), "use --tree"),
    Habit(
        ("--no-file-summary", "--no-directory-structure"),
        "only the files are printed unless --tree or --diff is given; leave it out",
    ),
    Habit(("--git-diff", "--include-diffs", "-d"), "use --diff"),
    Habit(("--git-diff-branch",), "use --diff --against REV"),
    Habit(("--include-logs", "--git-log-branch"), "history is not printed; --diff prints the change"),
    Habit(("--git",), "git is asked wherever there is a repository; leave it out"),
    Habit(("--remote", "--remote-branch"), _CLONE),
    Habit(("--token",), "nothing is fetched, so nothing needs a token; leave it out"),
    Habit(("-t",), "use -e EXT for types of files; there is no template, and nothing needs a token"),
    Habit(("--branch", "-b"), "use --rev BRANCH"),
    Habit(("--branches", "--tags", "--remotes", "--show-refs"), "use --rev REV: one commit is read at a time"),
    Habit(
        ("--no-gitignore", "--no-ignore", "--ignore-gitignore", "--include-gitignored"),
        "what git tracks is read anyway, -u adds what is untracked, and an ignored file is read where it is named",
    ),
    Habit(
        ("--hidden", "--include-hidden"),
        "files whose names begin with a dot are read if git tracks them; leave it out",
    ),
    Habit(("--threshold", "--critical"), "write limits in the config file, with --init, and use --profile --check"),
    Habit(("--names", "--progress", "--no-progress"), "leave it out; -v says more, and -q less"),
    Habit(
        ("--wide", "--no-cocomo", "--no-complexity", "--no-duplicates"),
        "tokens are counted, and no lines or work; leave it out",
    ),
)
PATHS = (
    Habit(("check",), "to judge by the budgets, use --profile --check"),
    Habit(("init",), "to write a first config file, use --init"),
    Habit(("profile", "count", "stats"), "to count, use --profile"),
    Habit(("diff",), "to print the change, use --diff; only the files in it, --changed"),
    Habit(("help",), "use --help"),
    Habit(("version",), "use --version"),
    Habit(("config",), "to see what holds, use --show-config"),
    Habit(("baseline",), "to compare, use --profile --baseline; to write it, --save-baseline"),
)
URL = Habit(("https://github.com/OWNER/NAME", "git@github.com:OWNER/NAME"), _CLONE)


def explain_option(name: str, near: Iterable[str]) -> tuple[str, str]:
    """Return what to say of an option that there is not, and what to do, "" where that is not known.

    `near` are the options that are spelled like it, the most like it first.
    """
    for habit in OPTIONS:
        if name in habit.words:
            return f"there is no {name}", habit.hint
    meant = next((each for each in near if _is_near(each, name)), None)
    hint = f" Did you mean '{meant}'?" if meant else ""
    return f"No such option '{escape_name(name)}'.{hint}", ""


def explain_path(error: MissingPathError) -> UsageError:
    """Return what to say of a path that there is not: another tool's word for what is to be done, or what was said."""
    known = [URL] if _URL.fullmatch(error.path) else [habit for habit in PATHS if error.path in habit.words]
    hint = known[0].hint if known else error.hint
    return UsageError(error.message, hint)


def _is_near(one: str, other: str) -> bool:
    return SequenceMatcher(None, one.lstrip("-"), other.lstrip("-")).ratio() >= _NEAR
