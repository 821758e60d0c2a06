"""What is not as it should be: counted as what the agent makes of it, said once, inert in every form, and bounded."""

import json
import sys
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from loopflow.agents.frontmatter import read_frontmatter
from loopflow.agents.markdown import outline
from loopflow.cli.agents import FORMS
from loopflow.tokens import count
from tests.support.builder import Repo
from tests.support.run import run_process
from tests.support.surveys import call, loaded, places, skill, survey


@pytest.mark.parametrize(
    "source",
    [
        "a: &x [1]\nb: *x",
        "a: !!python/object:os.system x",
        "[" * 10_000,
        "a: " + "[" * 10_000 + "]" * 10_000,
        "a: b\n" * 6_000,
        "k: " + "v" * 70_000,
        "\tx: y",
        "a: [",
        "- a\n- b",
        "%YAML 9.9\n--- !<tag> x",
        "? " * 9_000,
    ],
)
def test_a_head_that_is_no_head_is_bounded(source: str) -> None:
    """It has an error, and takes neither a megabyte for each byte nor the stack."""
    tracemalloc.start()
    found = read_frontmatter(f"---\n{source}\n---\nbody\n")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.error
    assert (found.values, peak < 20_000_000) == ({}, True)


def test_values_stay_strings() -> None:
    """A date, a number and yes are what was written."""
    found = read_frontmatter("---\na: 2024-01-01\nb: 012\nc: yes\nd: null\ne: 'x, y'\nf: [1, {g: h}]\n---\n")
    assert found.values == {"a": "2024-01-01", "b": "012", "c": "yes", "d": "null", "e": "x, y", "f": ["1", {"g": "h"}]}
    assert (found.names("e"), found.names("f"), found.lines) == (("x", "y"), ("1",), 8)


@pytest.mark.parametrize(
    "text", ["`" * 50_000 + "@a", "@" * 50_000, "[" * 50_000, "> " * 20_000 + "@a", "<!--" * 20_000]
)
def test_markdown_takes_linear_time(text: str) -> None:
    """What takes ages elsewhere ends here; a test that hangs is ended by its own limit."""
    assert outline(text, read_frontmatter(text)).lines == 1


@pytest.mark.parametrize(
    "text",
    [
        "# a\r\n\r\nb\r\n# c\r\n",
        "# a\rb\r",
        "\ufeff# a\n# b\n",
        "a\n===\nb\n---\n",
        "   # in\n/# x\n# y\n",
        "",
    ],
)
def test_sections_sum_to_the_file(repo: Repo, text: str) -> None:
    """Whatever its line ends, and wherever headings stand."""
    repo.write("CLAUDE.md", text)
    repo.track()
    [part] = survey(repo, "--agent", "claude")["parts"] or [{"sections": [], "tokens": 0}]
    assert sum(section["tokens"] for section in part["sections"]) == part["tokens"] == count(text)


@pytest.mark.parametrize(
    ("data", "code", "lossy"),
    [
        (b"\xff\xfew\x00o\x00r\x00d\x00", "unread", None),
        (b"nul \0 here", "unread", None),
        ("é".encode("latin-1") + b" latin\n", None, True),
        (b"\xef\xbb\xbfbom\r\nline\r\n", None, False),
        (b"", None, False),
    ],
)
def test_bytes_of_any_kind(repo: Repo, data: bytes, code: str | None, lossy: object) -> None:
    """As in code-context: counted as they are, lossy, or binary; an empty file counts nothing."""
    repo.track({"CLAUDE.md": data})
    repo.commit()
    for source in ((), ("--staged",), ("--rev", "HEAD")):
        found = survey(repo, "--agent", "claude", *source)
        assert [row["code"] for row in found["findings"]] == ([code] if code else [])
        assert [part["lossy"] for part in found["parts"]] == ([] if lossy is None else [lossy])


def test_a_large_file_is_streamed(repo: Repo) -> None:
    """Nine megabytes: for Codex the first 32 KiB arrive, for Claude Code nothing."""
    repo.track({"AGENTS.md": b"word " * 1_800_000, "CLAUDE.md": "@AGENTS.md\n"})
    found = survey(repo, "--agent", "codex")
    [row] = found["lost"]
    assert (row["kept"], row["lost"]) == (32_768, 9_000_000 - 32_768)


def test_circles_of_imports_end(repo: Repo) -> None:
    """A thousand files that import each other: each is loaded once, as far as imports go."""
    repo.track(
        {f"docs/{at}.md": f"@{(at + 1) % 1000}.md @{at}.md\n" for at in range(1000)} | {"CLAUDE.md": "@docs/0.md\n"}
    )
    found = survey(repo, "--agent", "claude")
    assert loaded(found, "claude") == ["CLAUDE.md", *(f"docs/{at}.md" for at in range(4))]


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("docs", "directory"),
        ("picture.md", "import"),
        ("sub/x.md", "submodule"),
        ("../../up.md", "outside"),
        ("loop.md", "cycle"),
        ("~/x.md", "outside"),
        ("/etc/passwd", "outside"),
    ],
)
def test_imports_that_lead_elsewhere(repo: Repo, target: str, code: str) -> None:
    """Not counted, said once, with the line."""
    repo.track({"docs/a.md": "a\n", "picture.md": b"\0\1"})
    repo.link("loop.md", "loop.md")
    repo.write("CLAUDE.md", f"one\n\n@{target} and again @{target}\n")
    repo.git("add", ".")
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},sub")
    found = survey(repo, "--agent", "claude", "--staged")
    assert [(row["code"], row["line"]) for row in found["findings"]] == [(code, 3)]
    assert loaded(found, "claude") == ["CLAUDE.md"]


def test_links_where_they_are_off(repo: Repo) -> None:
    """A plain file on disk with a link's entry in the index holds the target."""
    repo.track({"AGENTS.md": "agents\n"})
    repo.add_index_entry("CLAUDE.md", b"AGENTS.md", "120000")
    repo.write("CLAUDE.md", "AGENTS.md")
    assert loaded(survey(repo, "--agent", "claude"), "claude") == ["AGENTS.md"]


def test_names_that_differ_by_case(repo: Repo) -> None:
    """They are not read where case counts; two spellings are both shown."""
    repo.track({"agents.md": "a\n", "src/Claude.md": "c\n", "AGENTS.md": "b\n"})
    found = survey(repo, "--agent", "codex")
    assert [row["path"] for row in found["findings"]] == ["agents.md", "src/Claude.md"]
    assert "both are here" in found["findings"][0]["message"]
    assert loaded(found, "codex") == ["AGENTS.md"]


HOSTILE = "::error::x<img src=x onerror=alert(1)>\x1b[31m|`a`\n\u202e"


@pytest.mark.parametrize("form", FORMS)
def test_hostile_names_and_texts_are_inert(repo: Repo, form: str) -> None:
    """In every form: no command of a runner, no control character, no tag, no formula; long texts are cut."""
    name = f"{HOSTILE}/CLAUDE.md"
    description = json.dumps("=cmd|' /C calc'!A0 <script>alert(1)</script> " + "long " * 300_000)
    try:
        repo.track({name: f"# {HOSTILE.splitlines()[0]}\n\n@./{'g' * 300}\n"})
    except OSError:
        pytest.skip("the file system has no such names")
    repo.track({".claude/skills/x/SKILL.md": f'---\nname: "=<b>\\u001b"\ndescription: short\n---\n{description}\n'})
    repo.track({"loopflow.toml": '[[agents.rule]]\nname = "<i>::warning::"\npart = "start"\neach = 1\n'})
    result = call(repo, "--agent", "claude", "--format", form, "--check", "--staged")
    assert result.code in {0, 1}, result.err
    text = result.out
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert len(text) < 400_000
    if form != "json":
        assert not any(line.startswith("::error::x") for line in text.splitlines())
    if form == "html":
        assert "<img src=x" not in text
        assert "<script>alert" not in text
    if form == "markdown":
        assert all("`" in line for line in text.splitlines() if "<img" in line)
    if form == "csv":
        assert ",=<b>" not in text


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("{", "a.tools.json:1: it is no JSON"),
        ('{"tools":\n\nnope}', "a.tools.json:3: it is no JSON"),
        ("{}", "there is no list of tools"),
        ("[1]", "tool 1 has no name"),
        ('{"tools": {"a": 1}}', "there is no list of tools"),
        ("[" * 10_000, "nested too deeply"),
        ('[{"name": "a", "inputSchema": ' + '{"a":' * 400 + "1" + "}" * 400 + "}]", "nested too deeply"),
        (b"\xff\xfe[", "not UTF-8"),
    ],
)
def test_a_recording_that_is_none(repo: Repo, data: str | bytes, said: str) -> None:
    """Exit 2 with file and line; never a silent nothing."""
    repo.track({"a.tools.json": data, "loopflow.toml": '[agents]\ntools = ["*.tools.json"]\n'})
    result = call(repo)
    assert (result.code, said in result.err) == (2, True), result.err
    assert call(repo, "tools", "a.tools.json").code == 2


def test_a_recording_with_faults(repo: Repo) -> None:
    """Two tools of one name, one without schema, half a character: found, named and counted."""
    tools = [{"name": "a", "description": "d"}, {"name": "a", "inputSchema": 1}, {"name": "\ud800", "inputSchema": {}}]
    repo.track({"a.tools.json": json.dumps(tools), "loopflow.toml": '[agents]\ntools = ["*.tools.json"]\n'})
    found = survey(repo)
    assert [row["message"] for row in found["findings"]] == [
        "a: it has no inputSchema",
        "a: there are 2 tools of this name",
        "a: its inputSchema is no object",
    ]
    assert found["tools"][0]["tokens"] > 0


@pytest.mark.parametrize("wrapped", ["{}", '{{"tools": {}}}', '{{"result": {{"tools": {}}}}}'])
def test_every_form_of_a_recording_counts_alike(repo: Repo, wrapped: str) -> None:
    """What is not sent is apart, and no number of it is in the tokens."""
    tool = {"inputSchema": {"b": 1, "a": "é"}, "name": "t", "title": "T", "description": "d"}
    repo.track({"a.json": wrapped.format(json.dumps([tool]))})
    found = call(repo, "tools", "a.json", "--format", "json").json["tools"][0]
    assert found["tokens"] == count('{"name":"t","description":"d","inputSchema":{"b":1,"a":"é"}}')
    whole = count('{"inputSchema":{"b":1,"a":"é"},"name":"t","title":"T","description":"d"}')
    assert found["not_sent"] == whole - found["tokens"]
    repo.track({"b.json": json.dumps(tool)})
    assert call(repo, "tools", "b.json", "--format", "json").json["tools"][0]["tokens"] == found["tokens"]


def test_settings_that_cannot_be_read(repo: Repo) -> None:
    """They are left out, and said; comments in JSON are read over."""
    repo.track({".claude/settings.json": "{", "CLAUDE.md": "a\n", ".codex/config.toml": "x = ["})
    assert [row["code"] for row in survey(repo, "--all")["findings"]] == ["settings", "settings"]
    repo.track({".claude/settings.json": '{// why\n"claudeMdExcludes": ["**/CLAUDE.md"]}'})
    assert loaded(survey(repo, "--agent", "claude"), "claude") == []


def test_a_skill_whose_head_is_no_yaml(repo: Repo) -> None:
    """Its body counts, it has no description, and a check is not failed by that."""
    repo.track({".claude/skills/x/SKILL.md": "---\ndescription: a: b\n---\nbody\n", "CLAUDE.md": "a\n"})
    found = survey(repo, "--agent", "claude")
    assert places(found, "claude")["."]["start"] == count("a\n") + count("- x")
    assert ([row["code"] for row in found["findings"]], len(found["agents"][0]["uses"])) == (["frontmatter"], 1)
    assert call(repo, "--check").code == 0


def test_an_unreadable_candidate_ends_a_check(repo: Repo, unprivileged: tuple[str, ...]) -> None:
    """A report says what is missing, --check ends with 2."""
    repo.track({"CLAUDE.md": "a\n"})
    (repo.root / "CLAUDE.md").chmod(0)
    program = (*unprivileged[:3], sys.executable, "-c", "from loopflow.cli.main import main; main()", "agents")
    report = run_process(cwd=repo.root, program=program)
    assert (report.code, "not all was counted" in report.err) == (0, True)
    assert run_process("--check", cwd=repo.root, program=program).code == 2


def test_a_missing_object_is_an_error(repo: Repo) -> None:
    """A blob that is gone: exit 2, and what to do."""
    repo.track({"CLAUDE.md": skill("x")})
    repo.commit()
    blob = repo.git("rev-parse", "HEAD:CLAUDE.md").decode().strip()
    (repo.root / ".git/objects" / blob[:2] / blob[2:]).unlink()
    result = call(repo, "--rev", "HEAD", "--no-cache")
    assert (result.code, "is missing" in result.err) == (2, True)


def test_nothing_to_read_is_one_line(repo: Repo) -> None:
    """And a hook says nothing at all."""
    repo.track({"README.md": "x\n"})
    assert call(repo).out.count("\n") == 1
    assert (call(repo, "--staged", "--check", "-q").out, call(repo, "--staged", "--check", "-q").code) == ("", 0)
    for form in FORMS:
        assert call(repo, "--format", form).code == 0


LINES = (
    "words",
    "more =",
    "===",
    "--- ",
    "a -",
    "# one",
    "- item",
    "  ===",
    "> quote",
    "",
    "```",
    "<!-- x",
    "x -->",
    "1. n",
)


@given(st.lists(st.sampled_from(LINES), max_size=12), st.sampled_from(["\n", "\r\n", "\r"]))
def test_headings_are_those_of_all_rules(lines: list[str], end: str) -> None:
    """Rules that cannot hold for a text are not run: the headings are the same."""
    text = "# first\n\n" + end.join(lines)
    tokens = MarkdownIt("commonmark").parse(text)
    expected = [token.map[0] + 1 for token in tokens if token.type == "heading_open" and token.level == 0 and token.map]
    assert [heading.line for heading in outline(text, read_frontmatter(text)).headings] == expected


def test_a_timeout_that_is_no_number(repo: Repo) -> None:
    """It is wrong usage, and no bug."""
    result = call(repo, "tools", "--record", "x.json", "--timeout", "nan", "--", "true")
    assert (result.code, "--timeout" in result.err) == (2, True)
