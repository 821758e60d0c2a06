"""The documentation hangs together: links lead somewhere, in the repository and on the site, and nothing is fetched."""

import re
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [*(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")), *sorted(DOCS.rglob("*.md"))]
_CODE = re.compile(r"^```.*?^```$|`[^`\n]*`", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\(([^()\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)
_FETCHED = re.compile(
    r"<(?:script|img|iframe|source|object|embed)\b[^>]*\b(?:src|data)\s*=\s*[\"']?(?:https?:)?//"
    r"|<link\b[^>]*\bhref\s*=\s*[\"']?(?:https?:)?//|@import\s+[\"']?(?:url\()?[\"']?(?:https?:)?//|url\([\"']?https?:"
)


def _links(page: Path) -> Iterator[tuple[Path, str]]:
    """Yield the file and the anchor that each relative link of a page leads to."""
    for link in _LINK.findall(_CODE.sub("", page.read_text("utf-8"))):
        if not re.match(r"[a-z][a-z0-9+.-]*:", link):
            path, _, anchor = link.partition("#")
            yield (page.parent / path if path else page), anchor


def _anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub and MkDocs make them."""
    text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    headings = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading) for heading in _HEADING.findall(text)]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _build(config: Path, site: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", str(config), "-d", str(site)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    """Whoever reads a page where it lies in the repository finds what it links to, down to the heading."""
    lost = [
        f"{target}#{anchor}"
        for target, anchor in _links(page)
        if not target.exists() or (anchor and anchor not in _anchors(target))
    ]
    assert lost == []


def test_links_and_headings_are_found(tmp_path: Path) -> None:
    """The test above looks at links, and not at what stands in code; it knows an anchor that is not there."""
    page = tmp_path / "page.md"
    page.write_text("# A `b` c-d, e!\n[x](y.md#z) `[a](b)`\n```sh\n# no\n[a](b)\n```\n![p](q.png) [w](https://a.b)\n")
    assert list(_links(page)) == [(tmp_path / "y.md", "z"), (tmp_path / "q.png", "")]
    assert _anchors(page) == {"a-b-c-d-e"}


def test_the_first_page_leads_to_every_other() -> None:
    """No page is there that only a search would find; those of the decisions have a list of their own."""
    first = {target.resolve() for target, _ in _links(DOCS / "index.md")}
    decisions = {target.resolve() for target, _ in _links(DOCS / "decisions" / "README.md")}
    assert set(DOCS.rglob("*.md")) - first - decisions == {DOCS / "index.md"}


def test_the_site_is_built_strictly_and_fetches_nothing(tmp_path: Path) -> None:
    """No link or anchor is lost on the way, every page has its place, and no page asks another server for anything."""
    done = _build(ROOT / "mkdocs.yml", tmp_path)
    assert (done.returncode, "WARNING" in done.stderr) == (0, False), done.stderr
    assert '<a href="project/overview.html">' in (tmp_path / "index.html").read_text("utf-8")
    made = [path for path in tmp_path.rglob("*") if path.suffix in {".html", ".css"}]
    assert len(made) > 30
    assert [path for path in made if _FETCHED.search(path.read_text("utf-8"))] == []


def test_a_lost_link_stops_the_build(tmp_path: Path) -> None:
    """Strict means what it says, for a file, an anchor, a page outside of docs/ and one that has no place."""
    config = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))
    docs = tmp_path / "docs"
    docs.mkdir()
    hook = DOCS / "project_pages.py"
    plain = {
        "site_name": "x",
        "docs_dir": str(docs),
        "hooks": [str(hook)],
        "nav": [{"x": "index.md"}],
        "not_in_nav": "",
    }
    (tmp_path / "mkdocs.yml").write_text(yaml.safe_dump(config | plain))
    (docs / "index.md").write_text("# X\n[a](no.md) [b](#no) [c](../NO.md) [d](other.md#no) [e](/no.md)\n")
    (docs / "other.md").write_text("# Y\n")
    for source in runpy.run_path(str(hook))["OUTSIDE"]:
        (tmp_path / source).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / source).write_text("# Z\n")
    done = _build(tmp_path / "mkdocs.yml", tmp_path / "site")
    assert done.returncode == 1
    for lost in ("'no.md'", "'#no'", "'../NO.md'", "'other.md#no'", "'/no.md'", "  - other.md"):
        assert lost in done.stderr


@pytest.mark.parametrize(
    ("site", "link", "turned"),
    [
        ("tutorial.md", "[a](../README.md#run-it)", "[a](project/overview.md#run-it)"),
        ("how-to/x.md", "[a](../../CONTRIBUTING.md)", "[a](../project/contributing.md)"),
        ("how-to/x.md", "[hooks/](../../hooks)", "hooks/"),
        ("how-to/x.md", "[a](../reference/options.md)", "[a](../reference/options.md)"),
        ("how-to/x.md", "[a](../../no.md)", "[a](../../no.md)"),
        ("how-to/x.md", "[a](#b) [c](https://d.e/f.md)", "[a](#b) [c](https://d.e/f.md)"),
        ("project/overview.md", "![a](docs/pictures/profile.svg)", "![a](../pictures/profile.svg)"),
        ("project/overview.md", "[a](CHANGELOG.md), [b\nb](docs/index.md)", "[a](changelog.md), [b\nb](../index.md)"),
        ("project/vocabularies.md", "[a](../../README.md)", "[a](overview.md)"),
    ],
)
def test_links_are_turned_round(site: str, link: str, turned: str) -> None:
    """What leads from page to page in the repository does so on the site; what is not on it becomes text."""
    assert runpy.run_path(str(DOCS / "project_pages.py"))["turn_links"](link, site, str(ROOT)) == turned
