"""The page as people use it, in a real browser: zoom, sort, filter, colours, names that would like to act."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, expect

from loopflow.analysis.names import escape_name
from loopflow.model import Reason, Report, Skipped
from loopflow.render.html import render_html
from tests.support.browser import Opened, launch_browser, visit
from tests.support.profiles import HOSTILE_NAMES, make_report
from tests.support.reports import make_compared

pytestmark = pytest.mark.browser

TREE = {
    "README.md": 40,
    "src/main.py": 500,
    "src/api/get.py": 250,
    "src/api/put.py": 200,
    "docs/guide.md": 300,
    "docs/pictures/one.svg": 90,
} | {f"tests/test_{number:02}.py": 10 + number for number in range(30)}
WAS = TREE | {"src/main.py": 400, "docs/guide.md": 350, "gone/old.py": 70}
HOSTILE = (
    *HOSTILE_NAMES,
    "<script>hit()</script>",
    "</script><script>hit()</script>.js",
    "{{ 7*7 }}.md",
    "'\"><svg onload=hit()>",
)

# Contrast of text on a cell, as WCAG 2.2 defines it.
CONTRAST = """names => {
  const svg = document.querySelector("#map svg");
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
  const numbers = text => text.match(/[\\d.]+/g).map(Number);
  return Object.fromEntries(names.map(name => {
    const rect = document.createElementNS(svg.namespaceURI, "rect");
    const text = document.createElementNS(svg.namespaceURI, "text");
    rect.setAttribute("class", name);
    svg.append(rect, text);
    const pair = [rect, text].map(element => light(numbers(getComputedStyle(element).fill))).sort((a, b) => b - a);
    rect.remove();
    text.remove();
    return [name, (pair[0] + 0.05) / (pair[1] + 0.05)];
  }));
}"""


Open = Callable[..., Opened]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with launch_browser(tmp_path_factory.mktemp("browser")) as browser:
        yield browser


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Return a function that opens the page of a report; whatever a test does, the page stays quiet and at home."""
    with visit(browser, tmp_path / "page.html") as open_text:

        def open_report(report: Report, *, width: int = 1400, dark: bool = False, script: bool = True) -> Opened:
            return open_text("".join(render_html(report)), width=width, dark=dark, script=script)

        yield open_report


def test_a_click_shows_a_directory_alone(open_page: Open) -> None:
    """A click on a title or a file zooms into its directory; the path above leads back, and so does the browser."""
    opened = open_page(make_report(TREE))
    page = opened.page
    assert opened.crumbs == ["all"]
    page.click("#map text:text-is('api/')")
    assert opened.crumbs == ["all", "src/", "api/"]
    assert page.locator("#map [role]").count() - 1 == 2  # its two files; the map itself has a role, too
    expect(page.locator("#crumbs .size")).to_have_text("450 tokens · 21.3%")
    page.click("#crumbs button:text-is('src/')")
    assert opened.crumbs == ["all", "src/"]
    page.go_back()
    assert opened.crumbs == ["all", "src/", "api/"]
    page.go_back()
    assert opened.crumbs == ["all"]
    page.click("#map text:text-is('guide.md')")
    assert opened.crumbs == ["all", "docs/"]


def test_a_link_opens_a_directory(open_page: Open) -> None:
    """The address names what is shown, so that a link to it can be sent."""
    opened = open_page(make_report(TREE))
    page = opened.page
    page.click("#map text:text-is('api/')")
    page.reload()
    assert opened.crumbs == ["all", "src/", "api/"]


def test_the_map_can_be_walked_with_the_keyboard(open_page: Open) -> None:
    """Arrows go to the neighbour on that side, Enter zooms in, Escape and Backspace out, to where one came from."""
    opened = open_page(make_report({"left/a.py": 60, "left/b.py": 40, "right/c.py": 90}))
    page = opened.page
    here = "document.activeElement.getAttribute('aria-label').split(',')[0]"
    page.focus(opened.cell("left/"))
    walked = [page.evaluate(here)]
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "ArrowRight", "Enter", "Escape", "ArrowLeft", "Enter"):
        page.keyboard.press(key)
        walked.append(page.evaluate(here))
    assert walked == [
        "left/", "right/", "right/", "left/", "right/", "right/c.py", "right/", "left/", "left/a.py"
    ]  # fmt: skip
    assert opened.crumbs == ["all", "left/"]
    assert page.locator("#ring.on").count() == 1
    expect(page.locator("#tip")).to_contain_text("left/a.py")
    page.keyboard.press("Backspace")
    assert (opened.crumbs, page.evaluate(here)) == (["all"], "left/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('#map')") is None


def test_areas_on_the_screen_are_tokens(open_page: Open) -> None:
    """Cells right in the view cover the map, each with its share of it, to a pixel along its edges."""
    opened = open_page(make_report(TREE))
    whole = opened.page.locator("#map").bounding_box()
    assert whole
    shares = {"src/": 950, "tests/": 735, "docs/": 390, "README.md": 40}
    assert opened.page.locator("#map svg > g > [role]").count() == len(shares)
    for path, tokens in shares.items():
        box = opened.page.locator(opened.cell(path)).bounding_box()
        assert box
        expected = whole["width"] * whole["height"] * tokens / sum(TREE.values())
        assert abs(box["width"] * box["height"] - expected) < 2 * (box["width"] + box["height"]) + 4


def test_names_stand_where_they_fit_and_the_tooltip_says_the_rest(open_page: Open) -> None:
    """No name leaves its cell; what is too small for one says it when pointed at, with exact numbers."""
    opened = open_page(make_compared(TREE | {"tests/a-name-much-too-long-for-so-small-a-file.py": 5}, WAS))
    page = opened.page
    sticking_out = page.evaluate("""() => [...document.querySelectorAll("#map text")].filter(text => {
      const [inner, outer] = [text, text.parentNode.querySelector("rect")].map(each => each.getBoundingClientRect());
      return inner.right > outer.right + 1 || inner.bottom > outer.bottom + 3 || inner.left < outer.left;
    }).map(text => text.textContent)""")
    assert sticking_out == []
    page.hover("#map text:text-is('main.py')")
    tip = page.locator("#tip p").all_inner_texts()
    assert tip == ["src/main.py", "500 tokens · 23.6% of total · 52.6% of src/", "+100 (+25.0%)"]
    page.mouse.move(2, 2)
    expect(page.locator("#tip")).to_be_hidden()


@pytest.mark.parametrize("report", [make_report(TREE), make_compared(TREE, WAS)], ids=["alone", "compared"])
def test_the_script_shows_the_same_rows_as_the_page_without_it(open_page: Open, report: Report) -> None:
    """Every number that the script formats is the one that the page was written with."""
    without, with_script = (open_page(report, script=script) for script in (False, True))
    for table in ("branches", "kinds"):
        rows = with_script.rows(table)
        assert len(rows) >= 3
        assert rows == without.rows(table)


def test_a_table_is_sorted_by_any_column(open_page: Open) -> None:
    """Numbers start with the largest, names in order; a second click turns them round, and it is said."""
    opened = open_page(make_report(TREE))
    page = opened.page
    by_name = [".", "docs/", "docs/pictures/", "src/", "src/api/", "tests/"]
    assert opened.names("branches") == [".", "src/", "tests/", "src/api/", "docs/", "docs/pictures/"]
    for title, order, names in (
        ("files", "descending", [".", "tests/", "src/", "docs/", "src/api/", "docs/pictures/"]),
        ("directory", "ascending", by_name),
        ("directory", "descending", by_name[::-1]),
        ("% parent", "descending", [".", "src/api/", "src/", "tests/", "docs/pictures/", "docs/"]),
    ):
        page.click(f"#branches button.sort:text-is('{title}')")
        assert page.get_attribute("#branches th[aria-sort]", "aria-sort") == order
        assert opened.names("branches") == names


def test_a_table_is_filtered_and_shows_a_page_at_a_time(open_page: Open) -> None:
    """The filter finds part of a path in either case, says how many there are, and more are a click away."""
    tree = {f"Part{number:02}/file.py": 10 + number for number in range(40)}
    opened = open_page(make_report(tree))
    page = opened.page
    assert len(opened.names("branches")) == 20
    expect(page.locator("#branches-count")).to_have_text("20 of 41")
    page.click("#branches-more")
    assert len(opened.names("branches")) == 41
    page.fill("#branches-filter", " part1")
    assert opened.names("branches") == [f"Part{number}/" for number in range(19, 9, -1)]
    expect(page.locator("#branches-count")).to_have_text("10 of 10, of 41 in all")
    page.fill("#branches-filter", "nowhere")
    expect(page.locator("#branches-count")).to_have_text("Nothing matches, of 41 in all")
    page.fill("#kinds-filter", "PY")
    assert opened.names("kinds") == [".py"]


def test_a_row_shows_its_directory_in_the_map(open_page: Open) -> None:
    """A directory that is too small to hit in the map can be opened from the table."""
    opened = open_page(make_report(TREE | {"large.bin.txt": 4_000_000}))
    assert opened.page.locator(opened.cell("docs/")).count() == 0
    assert opened.page.locator(opened.cell("36 more files")).count() == 1
    opened.page.click("#branches bdi:text-is('docs/')")
    assert opened.crumbs == ["all", "docs/"]
    assert opened.page.locator(opened.cell("docs/guide.md")).count() == 1


def test_growth_colours_the_map_where_there_is_any(open_page: Open) -> None:
    """Compared, colour is growth, and by choice the type; the legend says which is which."""
    opened = open_page(make_compared(TREE, WAS))
    page = opened.page
    assert page.get_attribute(f"{opened.cell('README.md')} > rect", "class") == "g3"
    main = page.locator("#map g:has(> text:text-is('main.py')) > rect")
    guide = page.locator("#map g:has(> text:text-is('guide.md')) > rect")
    assert (main.get_attribute("class"), guide.get_attribute("class")) == ("g6", "g1")
    expect(page.locator("#legend")).to_contain_text("unchanged")
    page.click("#colours button:text-is('File type')")
    assert (main.get_attribute("class"), guide.get_attribute("class")) == ("t0", "t1")
    expect(page.locator("#legend")).to_contain_text(".svg")
    assert open_page(make_report(TREE)).page.locator("#colours").is_hidden()


def test_what_was_removed_has_a_tile_where_growth_is_shown(open_page: Open) -> None:
    """It is as large as it was, marked, and reached as others are; by file type, it is not there."""
    opened = open_page(make_compared({"src/a.py": 300}, {"src/a.py": 300, "src/old.py": 100, "gone/x.py": 100}))
    page = opened.page
    whole, gone = page.locator("#map").bounding_box(), page.locator(opened.cell("gone/")).bounding_box()
    assert whole
    assert gone
    assert abs(gone["width"] * gone["height"] / (whole["width"] * whole["height"]) - 100 / 500) < 0.02
    assert page.get_attribute(opened.cell("gone/"), "aria-label") == "gone/, 100 tokens before, removed"
    expect(page.locator("#legend")).to_contain_text("removed, as large as it was")
    label = page.locator("#map text:text-is('old.py')")
    assert "line-through" in label.evaluate("text => getComputedStyle(text).textDecoration")
    assert page.get_attribute("#map g:has(> text:text-is('old.py')) > rect", "class") == "gone"
    page.focus(opened.cell("src/"))
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert opened.crumbs == ["all", "gone/"]
    expect(page.locator("#said")).to_contain_text("removed")
    page.click("#colours button:text-is('File type')")
    assert opened.crumbs == ["all"], "there is nothing of it in this view"
    assert page.locator("#map .struck").count() == 0
    assert page.locator(opened.cell("gone/")).count() == 0
    page.click("#branches bdi:text-is('gone/')")
    assert opened.crumbs == ["all", "gone/"]
    assert page.get_attribute("#colours button:text-is('Growth')", "aria-pressed") == "true"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_light_and_dark(open_page: Open, *, dark: bool) -> None:
    """The page follows the system until one chooses, and names can be read on every colour of a cell."""
    page = open_page(make_report(TREE), dark=dark).page
    brightness = "parseInt(getComputedStyle(document.documentElement).backgroundColor.match(/\\d+/)[0])"
    names = [*(f"t{number}" for number in range(10)), *(f"g{number}" for number in range(7)), "other", "more", "gone"]
    assert (page.evaluate(brightness) < 60) is dark
    for _ in range(2):
        assert {name: ratio for name, ratio in page.evaluate(CONTRAST, names).items() if ratio < 4.5} == {}
        page.click("#theme")
        dark = not dark
        assert (page.evaluate(brightness) < 60) is dark


def test_on_a_telephone_names_stay_and_the_change_is_in_sight(open_page: Open) -> None:
    """Each table scrolls by itself: its first column stays where it is, and growth shows before anybody scrolls."""
    long = {f"{'directory-with-a-long-name/' * 3}file.py": 9_123_456}
    opened = open_page(make_compared(TREE | long, WAS), width=390)
    for table in ("branches", "kinds", "changes"):
        region = opened.page.locator(f".scroll:has(#{table})")
        edges = "scroll => { const box = scroll.getBoundingClientRect(); return [box.left, box.right]; }"
        left, right = region.evaluate(edges)
        columns = opened.page.locator(f"#{table} thead th")
        titles = [title.strip() for title in columns.all_inner_texts()]
        change = columns.nth(titles.index("change")).bounding_box()
        assert change
        assert change["x"] + change["width"] <= right
        region.evaluate("scroll => { scroll.scrollLeft = scroll.scrollWidth; }")
        assert region.evaluate("scroll => scroll.scrollLeft") > 0, "there is more than fits"
        for name in opened.page.locator(f"#{table} tr > :first-child").all()[:4]:
            box = name.bounding_box()
            assert box
            assert left <= box["x"] < left + 2


@pytest.mark.parametrize("width", [2400, 1400, 1101, 1100, 768, 561, 560, 390])
def test_the_page_fits_the_screen(open_page: Open, width: int) -> None:
    """Nothing is wider than the window, however long names are; what has many columns scrolls by itself."""
    long = {f"{'directory-with-a-long-name/' * 6}{'x' * 200}.py": 900}
    report = make_compared(TREE | long, WAS, skipped=[Skipped("y" * 500, Reason.UNREADABLE, "z" * 500)])
    page = open_page(report, width=width).page
    page.click("#map text >> nth=0")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.locator("#map").bounding_box() == page.locator("#map svg").bounding_box()


def test_names_do_nothing(open_page: Open) -> None:
    """Names that are markup, script, controls or broken bytes are read as text, in the map, tables and tooltip."""
    names = [name.replace("/", ":") for name in HOSTILE]
    tree = {f"{at}{name}/{name}": 100 for at, name in enumerate(names)}
    opened = open_page(make_compared(tree, {}, skipped=[Skipped(name, Reason.BINARY) for name in HOSTILE]))
    page = opened.page
    for cell in page.locator("#map svg > g > [role]").all():
        cell.hover()
    shown = [f"{at}{escape_name(name)}/" for at, name in enumerate(names)]
    assert set(opened.names("branches")) == {".", *shown}
    for name in shown:
        page.click(f"#branches tbody tr >> nth={opened.names('branches').index(name)} >> button")
        assert opened.crumbs == ["all", name]
    assert page.evaluate("window.hits") == []
    assert page.locator("script").count() == 2
    assert page.locator("img, #map image, [onload], [onerror]").count() == 0
    assert page.title().endswith(f"in {len(HOSTILE)} files")


def test_the_policy_holds(open_page: Open) -> None:
    """Markup that got into the page all the same could not run, load, style, send or rebase anything."""
    opened = open_page(make_report(TREE))
    blocked = opened.page.evaluate("""async () => {
      const seen = new Set();
      document.addEventListener("securitypolicyviolation", event => seen.add(event.effectiveDirective));
      const host = document.createElement("div");
      host.innerHTML = `<img src="https://outside.invalid/x.png" onerror="hit()"><b style="color:red">b</b>
        <iframe src="https://outside.invalid/"></iframe><style>b { color: red }</style>
        <base href="https://outside.invalid/"><form action="https://outside.invalid/"><button>b</button></form>`;
      document.body.append(host);
      host.querySelector("button").click();
      const script = document.createElement("script");
      script.textContent = "hit()";
      host.append(script);
      await fetch("https://outside.invalid/").catch(() => null);
      for (let round = 0; round < 50 && seen.size < 9; round += 1) await new Promise(done => setTimeout(done, 100));
      return [...seen].sort();
    }""")
    assert blocked == [
        "base-uri", "connect-src", "form-action", "frame-src", "img-src", "script-src-attr", "script-src-elem",
        "style-src-attr", "style-src-elem",
    ]  # fmt: skip
    assert opened.page.evaluate("window.hits") == []
    assert {request.failure for request in opened.requests if "outside" in request.url} <= {"csp"}
    opened.requests[1:] = []
    assert opened.complaints  # each was said in the console, as it should be
    opened.complaints.clear()


@pytest.mark.parametrize(("motion", "animations"), [("no-preference", 1), ("reduce", 0)])
def test_less_motion_is_kept(open_page: Open, motion: Literal["no-preference", "reduce"], animations: int) -> None:
    """Zooming is animated, unless somebody asked for less motion."""
    page = open_page(make_report(TREE)).page
    page.emulate_media(reduced_motion=motion)
    zoom = """() => {
      document.querySelector("#map [role=button]").dispatchEvent(new MouseEvent("click", { bubbles: true }));
      return document.getAnimations().length;
    }"""
    assert page.evaluate(zoom) == animations
