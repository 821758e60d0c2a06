"""--line-numbers, --tree and --diff: what a context has beside its files, counted to the token."""

import re
from contextlib import chdir
from fractions import Fraction
from html import unescape
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from loopflow.io.count.context import Layout
from loopflow.io.select.listing import upwards
from loopflow.model import CountRequest, Extras, FitRequest, Index, SelectRequest, Source, Worktree
from loopflow.render.context import RawLayout, XmlLayout
from loopflow.usecases.pipeline import ContextSummary, Output, write_context
from tests.support.builder import Repo
from tests.support.charts import words
from tests.support.hostile import NAMES
from tests.support.oracle import count_text
from tests.support.run import Result, run
from tests.support.screen import can_act

ENCODING = "o200k_base"
LAYOUTS: dict[str, tuple[Layout, tuple[str, ...]]] = {"xml": (XmlLayout(), ()), "raw": (RawLayout(), ("--raw",))}
OPTIONS = ("--line-numbers", "--tree", "--diff")
SUBSETS = [tuple(option for option, on in zip(OPTIONS, mask, strict=True) if on) for mask in product([0, 1], repeat=3)]

# What looks like what is around it: a diff, the end of one, closing tags, lines without an end and with other ends.
FILES: dict[str, str | bytes] = {
    "README.md": "# Read\n",
    "crlf.txt": "one\r\ntwo\r\n",
    "empty.txt": "",
    "fake.diff": "diff --git a/README.md b/README.md\n--- a/README.md\n+++ b/README.md\n@@ -1 +1 @@\n-x\n+y\n",
    "logo.png": b"\x89PNG\r\n\x1a\n\0\0",
    "src/app.py": "def main():\n    return 1\n",
    "src/lib/no_end.py": "x = 1",
    "tags.md": "</document_content>\n</document>\n</documents>\n</diff>\n---\n",
}


@pytest.fixture
def project(repo: Repo) -> Repo:
    repo.track(FILES).commit()
    return repo


def succeed(here: Path, *options: str) -> Result:
    result = run(*options, cwd=here)
    assert result.code == 0, result.err
    return result


def said(result: Result) -> int:
    """Return the tokens that a run says it has printed, with all that is around the files."""
    found = re.search(r", ([\d,]+) tokens? \+ ([\d,]+) around them", result.err)
    assert found
    return sum(int(each.replace(",", "")) for each in found.groups())


def change(repo: Repo) -> None:
    """Change, add and remove files, and stage it."""
    repo.write("crlf.txt", "one\r\nTWO\r\n")
    repo.write("logo.png", b"\x89PNG\r\n\x1a\n\0\1")
    repo.write("new.diff", "diff --git a/tags.md b/tags.md\n-gone\n</diff>")
    repo.write("src/app.py", "def main():\n    return 2\n")
    (repo.root / "src/lib/no_end.py").unlink()
    repo.git("add", "--all")


# --- what is printed ---


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("options", SUBSETS)
def test_all_of_it_is_counted(options: tuple[str, ...], layout: str, project: Repo) -> None:
    """What is said to be printed is what is printed, up to a seam between two files."""
    change(project)
    result = succeed(project.root, *options, *LAYOUTS[layout][1])
    assert abs(said(result) - count_text(result.out, ENCODING)) <= len(FILES)
    own = re.search(r", ([\d,]+) tokens? \+", succeed(project.root).err)
    assert own
    assert own[0] in result.err  # the files' own tokens are those of the files


@pytest.mark.parametrize("layout", LAYOUTS)
def test_numbers_stand_before_lines(layout: str, project: Repo) -> None:
    """Each line of a file has its number and a tab before it, and nothing else is other than without."""
    options = LAYOUTS[layout][1]
    numbered = succeed(project.root, "--line-numbers", *options).out
    assert "1\tone\r\n2\ttwo\r\n" in numbered
    assert "\n1\tx = 1\n" in numbered
    assert "3\t+++ b/README.md\n" in numbered
    assert re.sub(r"^\d+\t", "", numbered, flags=re.MULTILINE) == succeed(project.root, *options).out


def test_a_large_text_has_its_numbers(repo: Repo) -> None:
    """A text that is read piece by piece is numbered through, and counted as it is printed."""
    lines = [f"line {number} {'x' * (number % 7 + 1)}" for number in range(300_000)]
    repo.track({"large.txt": "\n".join(lines)}).commit()
    result = succeed(repo.root, "--line-numbers", "--raw")
    assert result.out == "".join(
        ["large.txt\n---\n", "\n".join(f"{number}\t{line}" for number, line in enumerate(lines, 1)), "\n---\n"]
    )
    assert said(result) == count_text(result.out, ENCODING)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_tree_has_what_is_printed(layout: str, project: Repo) -> None:
    """The tree is that of the files that follow: no picture, nothing that filters leave out."""
    out = succeed(project.root, "--tree", "--exclude", "*.txt", *LAYOUTS[layout][1]).out
    opening, closing = (
        ("<tree>\n", "</tree>\n<documents>\n") if layout == "xml" else ("tree\n---\n", "---\nREADME.md\n")
    )
    tree = "README.md\nfake.diff\nsrc/\n  app.py\n  lib/\n    no_end.py\ntags.md\n"
    assert out.startswith(f"{opening}{tree}{closing}")


def test_the_tree_of_hostile_names(repo: Repo) -> None:
    """A name in the tree stays on its line and is no markup, in either layout."""
    for name in NAMES:
        repo.add_index_entry(name, b"text\n")
    paths = [name.decode("utf-8", "surrogateescape") for name in NAMES]
    directories = {above for path in paths for above in upwards(path) if above not in {path, ""}}
    xml = succeed(repo.root, "--tree", "--staged").out.partition("<tree>\n")[2].partition("</tree>\n")[0]
    raw = succeed(repo.root, "--tree", "--staged", "--raw").out.partition("---\n")[2].partition("\n---\n")[0] + "\n"
    assert unescape(xml) == raw
    assert not re.search("[<>]", xml)
    assert len(raw.splitlines()) == len(NAMES) + len(directories)
    assert not any(map(can_act, raw.splitlines()))


def test_what_is_read_may_follow_the_tree(project: Repo) -> None:
    """A tree goes with what is untracked, with a commit, and with READMEs first."""
    project.write("later.md", "later\n")
    assert "\nlater.md\n" in succeed(project.root, "--tree", "-u").out.partition("<documents>")[0]
    assert "later.md" not in succeed(project.root, "--tree", "--rev", "HEAD").out
    readmes = succeed(project.root, "--tree", "--readmes", "src/app.py").out
    assert readmes.startswith("<tree>\nREADME.md\nsrc/\n  app.py\n</tree>\n")


# --- the diff ---


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("source", [(), ("--staged",), ("--rev", "HEAD")])
def test_the_diff_is_gits(source: tuple[str, ...], layout: str, project: Repo) -> None:
    """The change since the start is what git's own diff prints, for disk, index and commit alike."""
    change(project)
    wanted = project.git("diff", "--cached", "--no-renames").decode()
    if source[:1] == ("--rev",):
        project.commit()
    out = succeed(project.root, "--diff", *source, *LAYOUTS[layout][1]).out
    since = "HEAD^" if source[:1] == ("--rev",) else "HEAD"
    opening, closing = (
        (f'<diff since="{since}">\n', "</diff>\n") if layout == "xml" else (f"diff since {since}\n---\n", "---\n")
    )
    assert out.endswith(f"{opening}{wanted}{closing}")
    assert "Binary files a/logo.png and b/logo.png differ\n" in wanted
    assert "\\ No newline at end of file\n" in wanted


def test_the_diff_is_of_what_is_selected(project: Repo) -> None:
    """A path, a filter or the config narrow the diff as they narrow the files; what is gone counts by where it was."""
    change(project)
    assert _changed(succeed(project.root, "--diff", "src")) == ["src/app.py", "src/lib/no_end.py"]
    assert _changed(succeed(project.root, "--diff", "-e", "txt,png")) == ["crlf.txt", "logo.png"]
    assert _changed(succeed(project.root, "--diff", "--exclude", "/src/lib/", "--exclude", "*.diff", "--changed")) == [
        *("crlf.txt", "logo.png", "src/app.py")
    ]


def test_the_diff_against_a_branch(project: Repo) -> None:
    """--against says where the change begins: where the branch left it."""
    project.git("switch", "--quiet", "--create", "work")
    change(project)
    project.commit()
    for options in ((), ("--rev", "work"), ("--staged",)):
        result = succeed(project.root, "--diff", "--against", "main", *options)
        assert _changed(result) == ["crlf.txt", "logo.png", "new.diff", "src/app.py", "src/lib/no_end.py"]
        assert '<diff since="main">' in result.out


def test_no_change_is_an_empty_diff(project: Repo) -> None:
    """Where nothing changed, the diff says since when."""
    assert succeed(project.root, "--diff").out.endswith('</documents>\n<diff since="HEAD">\n</diff>\n')


def test_before_the_first_commit(repo: Repo) -> None:
    """Without a commit, everything is new."""
    repo.track(FILES)
    result = succeed(repo.root, "--diff")
    assert _changed(result) == [*FILES]
    assert result.out.count("\nnew file mode 100644\n") == len(FILES)


def test_odd_names_in_a_diff(repo: Repo) -> None:
    """Whatever bytes a name has, its patch is printed once, quoted by git where that is needed."""
    for name in NAMES:
        repo.add_index_entry(name, b"old\n")
    repo.commit()
    for name in NAMES:
        repo.add_index_entry(name, b"new\n")
    out = succeed(repo.root, "--diff", "--staged").out
    assert out.count("\ndiff --git ") == len(NAMES)
    assert out.endswith(repo.git("diff", "--cached", "--no-renames").decode("utf-8", "replace") + "</diff>\n")
    assert _changed(succeed(repo.root, "--diff", "--staged", ":(glob)x.py")) == [":(glob)x.py"]


def test_more_files_than_one_command_takes(repo: Repo) -> None:
    """Files that are too many for one command line each have their patch, in order; so has what a directory became."""
    paths = [f"{'d' * 100}/{number:04}.txt" for number in range(1_100)]
    repo.track({**dict.fromkeys(paths, "old\n"), "was/a.txt": "a\n"}).commit()
    (repo.root / "was/a.txt").unlink()
    (repo.root / "was").rmdir()
    repo.track({**dict.fromkeys(paths, "new\n"), "was": "file\n"})
    assert _changed(succeed(repo.root, "--diff", "--staged")) == [*paths, "was", "was/a.txt"]


def test_what_the_user_likes_changes_nothing(project: Repo) -> None:
    """No external program is run, and settings of a diff's form do not reach it."""
    change(project)
    usual = succeed(project.root, "--diff").out
    marker = project.root.parent / "ran"
    for key, value in {
        "diff.external": f"touch {marker}",
        "diff.noprefix": "true",
        "diff.mnemonicPrefix": "true",
        "diff.context": "0",
        "diff.renames": "copies",
        "diff.algorithm": "histogram",
        "diff.relative": "true",
        "diff.submodule": "log",
        "diff.suppressBlankEmpty": "true",
        "diff.x.textconv": f"touch {marker}; cat",
        "diff.x.command": f"touch {marker}",
        "color.ui": "always",
        "color.diff": "always",
        "core.pager": f"touch {marker}",
        "filter.x.clean": f"touch {marker}; cat",
    }.items():
        project.git("config", key, value)
    project.write(".git/info/attributes", "*.py diff=x filter=x\n")
    assert succeed(project.root, "--diff").out == usual
    assert not marker.exists()


def test_links_and_modes(repo: Repo) -> None:
    """A file that became a link, and one whose mode changed, have the patches that git gives them."""
    repo.track({"a.txt": "text\n", "b.sh": "run\n"}).commit()
    (repo.root / "a.txt").unlink()
    repo.link("a.txt", "b.sh")
    (repo.root / "b.sh").chmod(0o755)
    repo.git("add", "--all")
    out = succeed(repo.root, "--diff", "--staged", "b.sh").out
    assert "old mode 100644\nnew mode 100755\n" in out
    assert "a.txt" not in out


def test_a_conflict_has_a_diff(repo: Repo) -> None:
    """While a merge is in conflict, the diff says what git says, and the run goes on."""
    repo.track({"a.txt": "base\n", "b.txt": "b\n"}).commit()
    repo.git("switch", "--quiet", "--create", "work")
    repo.track({"a.txt": "theirs\n"}).commit()
    repo.git("switch", "--quiet", "main")
    repo.track({"a.txt": "ours\n"}).commit()
    with pytest.raises(AssertionError):
        repo.git("merge", "work")
    assert "+<<<<<<< HEAD\n" in succeed(repo.root, "--diff").out.partition("<diff")[2]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--profile", "--tree"), "--line-numbers, --tree and --diff shape what is printed"),
        (("--profile", "--diff"), "--line-numbers, --tree and --diff shape what is printed"),
        (("--profile", "--line-numbers"), "--line-numbers, --tree and --diff shape what is printed"),
        (("--init", "--tree"), "leave --tree out"),
        (("--profile", "--save-baseline", "--diff"), "leave --diff out"),
        (("--show-config", "--line-numbers"), "leave --line-numbers out"),
        (("--diff", "--against", "nowhere"), "there is no nowhere in"),
        (
            ("--against", "HEAD"),
            "--against says what to compare with, and nothing is compared; add --profile, --changed or --diff",
        ),
    ],
)
def test_what_does_not_go_together(options: tuple[str, ...], message: str, project: Repo) -> None:
    """Options that make no sense together, or nothing to compare with, end the run before anything is printed."""
    result = run(*options, cwd=project.root)
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)
    assert message in result.err


def test_nothing_to_compare_with(tmp_path: Path, project: Repo) -> None:
    """Outside of git, and in several repositories at once, there is no diff, and that is an error."""
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain/a.txt").write_text("a\n")
    result = run("--diff", "plain", cwd=tmp_path)
    assert result == Result(
        2, "", "code-context: error: this is no git repository: there is nothing to compare with; leave out --diff\n"
    )
    result = run("--diff", "plain", project.root.name, cwd=tmp_path)
    assert (result.code, result.out) == (2, "")
    assert "several trees were read, and a diff is that of one; name paths of one repository" in result.err


def test_a_shallow_clone_says_what_it_lacks(project: Repo, tmp_path: Path) -> None:
    """Where a clone has no parent of its commit, a diff of that commit is refused, and one of the work tree is not."""
    change(project)
    project.commit()
    project.git("clone", "--quiet", "--depth=1", f"file://{project.root}", str(tmp_path / "clone"))
    result = run("--diff", "--rev", "HEAD", cwd=tmp_path / "clone")
    assert (result.code, result.out) == (2, "")
    assert "shallow clone; git fetch --deepen=1" in result.err
    assert succeed(tmp_path / "clone", "--diff").out.endswith('<diff since="HEAD">\n</diff>\n')


def test_a_large_patch_is_counted_in_pieces(repo: Repo) -> None:
    """A patch of several megabytes costs what it costs as a whole, printed as it is and by a plan."""
    repo.track({"large.txt": "".join(f"row {n}, {n % 97}\n" for n in range(200_000)), "small.txt": "s\n"}).commit()
    repo.track({"large.txt": "x\n"})
    result = succeed(repo.root, "--diff")
    assert abs(said(result) - count_text(result.out, ENCODING)) <= 2
    assert succeed(repo.root, "--diff", "--fit", str(said(result) + 20)).out == result.out


def test_what_cannot_be_counted_is_said(repo: Repo) -> None:
    """A line that an engine gives up on is no reason for a number that is wrong."""
    repo.track({"a.txt": "a\n"}).commit()
    repo.track({"a.txt": f"a{' ' * 2_000_000}b\n"})
    result = run("--diff", "--no-cache", cwd=repo.root, env={"LOOPFLOW_ENGINE": "tiktoken"})
    assert result.code == 2
    assert "what is written around the files cannot be counted" in result.err
    assert result.err.endswith("; leave out --line-numbers and --diff, or exclude the file that it is about\n")


# --- with --fit ---


def fit(
    repo: Repo, layout: Layout, extras: Extras, window: int, source: Source | None = None
) -> tuple[str, ContextSummary]:
    pieces: list[str] = []
    with chdir(repo.root):
        output = Output(layout, pieces.append, extras)
        asked = SelectRequest(source=source or Worktree())
        summary = write_context(asked, CountRequest(jobs=1), output, fitting=FitRequest(window, Fraction(0)))
    return "".join(pieces), summary


@pytest.mark.parametrize("mask", list(product([False, True], repeat=3)))
@pytest.mark.parametrize("name", LAYOUTS)
def test_a_fit_is_kept_with_all_of_it(name: str, mask: tuple[bool, bool, bool], repo: Repo) -> None:
    """Whatever is printed beside the files, the whole is no larger than the window, and the window is used."""
    files = {
        f"{place}{each}.py": "".join(f"{each} = {n}\n" for n in range(25))
        for place in ("", "s/", "t/u/")
        for each in "abc"
    }
    repo.track(files | {"gone.py": words(60), "logo.png": b"\0"}).commit()
    for path, text in files.items():
        repo.write(path, text.replace("= 7", "= 7 + 1"))
    repo.write("logo.png", b"\0\1")
    (repo.root / "gone.py").unlink()
    repo.git("add", "--all")
    layout, extras = LAYOUTS[name][0], Extras(*mask)
    whole, _ = fit(repo, layout, extras, 10**9)
    for window in range(60, count_text(whole, ENCODING) + 200, 211):
        printed, summary = fit(repo, layout, extras, window)
        tokens = count_text(printed, ENCODING)
        assert summary.plan
        assert tokens <= window or not (summary.plan.fits or summary.files)
        if window > 700:
            assert summary.plan.fits
            assert tokens > window // 3


_LINES = st.lists(
    st.sampled_from(["x = 1", "", "  y", "\t}", "/** x", "diff --git a/a b/a", "</diff>", "a\rb"]), max_size=9
)
_TEXTS = st.builds(lambda lines, end: "\n".join(lines) + end, _LINES, st.sampled_from(["", "\n", "\r\n"]))
_TREES = st.dictionaries(st.sampled_from(["a", "b.py", "s/a.py", "s/b.md", "t/u/c.py", "t/ d"]), _TEXTS, max_size=6)


@settings(max_examples=25)
@given(before=_TREES, after=_TREES, share=st.floats(0.1, 1.0), name=st.sampled_from(sorted(LAYOUTS)))
@example(before={"a": "x"}, after={"s/a.py": "/"}, share=0.9, name="raw")
def test_any_change_fits(before: dict[str, str], after: dict[str, str], share: float, name: str) -> None:
    """However files begin and end, and whatever was changed, what is printed fits."""
    layout, extras = LAYOUTS[name][0], Extras(line_numbers=True, tree=True, diff=True)
    with TemporaryDirectory() as directory:
        repo = Repo(Path(directory).resolve() / "repo").track(before)
        repo.git("commit", "--quiet", "--allow-empty", "--message=x")
        for path in set(before) - set(after):
            (repo.root / path).unlink()
        repo.track(after)
        whole, summary = fit(repo, layout, extras, 10**9, Index())
        tokens = count_text(whole, ENCODING)
        assert abs(summary.tokens + summary.wrapper_tokens - tokens) <= len(after) + 2
        for window in (tokens, tokens - 1, int(tokens * share)):
            printed, summary = fit(repo, layout, extras, max(60, window), Index())
            assert count_text(printed, ENCODING) <= max(60, window)


def test_what_is_left_out_of_a_diff_is_named(repo: Repo) -> None:
    """What is gone has no file to go with: where its patch does not fit, that is said."""
    repo.track({"a.py": "a\n", "gone.py": words(500), "small.py": "s\n"}).commit()
    for name in ("gone.py", "small.py"):
        (repo.root / name).unlink()
    repo.git("add", "--all")
    result = succeed(repo.root, "--diff", "--fit", "200")
    assert "left out of the diff to fit: gone.py\n" in result.err
    assert _changed(result) == ["small.py"]
    assert count_text(result.out, ENCODING) <= 200


def _changed(result: Result) -> list[str]:
    """Return the paths of the patches, in order."""
    return re.findall(r"^diff --git a/.* b/(.*)$", result.out.rpartition("<diff since=")[2], re.MULTILINE)
