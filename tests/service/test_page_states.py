"""The page's states, in Chromium: references, a service that is gone, tokens, words for all, colours, widths."""

import json
import os
import re
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Route, expect

from loopflow.tokens import count, encode
from tests.support.live_page import Live, Open, refuse, visit
from tests.support.serve import Server, serve

pytestmark = pytest.mark.browser
TOKEN = "t" * 32
PROMPT = "Read @[file:a.py] and @[file:b.md], not @[file:.env].\nThe style is @[var:style].\n"
CONTRAST = """() => {
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const numbers = (colour) => {
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  return [...document.querySelectorAll(".cm-line .token")].map((element) => {
    const style = getComputedStyle(element);
    const pair = [style.color, style.backgroundColor].map((colour) => light(numbers(colour))).sort((a, b) => b - a);
    return [[...element.classList].find((name) => name.startsWith("token-")), (pair[0] + 0.05) / (pair[1] + 0.05)];
  });
}"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory with files to refer to."""
    root = tmp_path_factory.mktemp("served")
    (root / "a.py").write_text("print(1)\n" * 40)
    (root / "b.md").write_text("words\n")
    (root / ".env").write_text("SECRET=1\n")
    return root


def test_states_of_references(open_page: Open, server: Server, root: Path) -> None:
    """Resolving, resolved, failed, changed; each counts as often as it occurs, a failed one nothing."""
    server.ask("DELETE", "/v1/variables/style")
    live = open_page()

    def wait(route: Route) -> None:
        live.page.wait_for_timeout(700)
        route.continue_()

    live.page.route("**/v1/references/count", wait)
    live.write(PROMPT)
    expect(live.entry("a.py")).to_have_attribute("data-state", "resolving")
    expect(live.page.locator(".reference-resolving").first).to_be_visible()
    expect(live.entry("a.py")).to_have_attribute("data-state", "ok")
    expect(live.entry(".env")).to_have_attribute("data-state", "error")
    expect(live.entry(".env")).to_contain_text(".env may not be read")
    expect(live.entry("style")).to_contain_text("has no value")
    live.await_status("incomplete: 2 references failed")
    found = count("print(1)\n" * 40) + count("words\n")
    assert live.number("references") == found
    assert live.number("content") + found == live.total
    expect(live.page.locator(".reference-error")).to_have_count(2)
    live.page.unroute("**/v1/references/count")
    (root / "b.md").write_text("words and words\n")
    live.page.get_by_role("button", name="Ask again for @[file:b.md]").click()
    expect(live.entry("b.md")).to_have_attribute("data-state", "changed")
    expect(live.entry("b.md")).to_contain_text("changed, +2")
    (root / "b.md").write_text("words\n")
    expect(live.page.locator("#reference-list .marker").first).to_have_text(re.compile(r"\.env|style"))


def test_a_variable_that_changes_is_counted_at_once(open_page: Open, server: Server) -> None:
    """The page listens while it refers to one; both tabs show it."""
    live, other = open_page(), open_page()
    for each in (live, other):
        each.write("@[var:tone] ")
        expect(each.entry("tone")).to_have_attribute("data-state", "error")
    live.page.wait_for_timeout(300)
    server.ask("PUT", "/v1/variables/tone", {"value": "one two three"})
    for each in (live, other):
        expect(each.entry("tone").locator(".count")).to_have_text("3")
    server.ask("PUT", "/v1/variables/tone", {"value": "one"})
    expect(live.entry("tone")).to_contain_text("changed, −2")  # noqa: RUF001  as the page writes it
    server.ask("DELETE", "/v1/variables/tone")


def test_seven_tabs_count(open_page: Open, server: Server) -> None:
    """A browser has six connections to a service: seven tabs that listen hold one of them together."""
    live = open_page()
    tabs = [live.page, *(live.page.context.new_page() for _ in range(6))]
    for number, page in enumerate(tabs):
        if number:
            page.goto(live.page.url)
        page.locator(".cm-content").focus()
        page.keyboard.insert_text("@[var:shared] one")
        expect(page.locator("#content")).to_have_text("1")
    server.ask("PUT", "/v1/variables/shared", {"value": "one two three"})
    for page in tabs:
        expect(page.locator("#total")).to_have_text("4")
    server.ask("DELETE", "/v1/variables/shared")


def test_what_is_being_written_is_not_asked_for(open_page: Open) -> None:
    """While the caret is inside a marker nothing is fetched; an API waits for the keys to rest."""
    live = open_page()
    live.write("@[file:a.p]")
    live.page.keyboard.press("ArrowLeft")
    live.page.keyboard.type("y")
    live.await_status("a reference is being written")
    assert not [each for each in live.requests if "references/count" in each.url and "a.py" in (each.post_data or "")]
    live.page.keyboard.press("End")
    expect(live.entry("a.py")).to_have_attribute("data-state", "ok")
    live.write(" @[api:none]")
    live.page.wait_for_timeout(300)
    assert not [each for each in live.requests if "api:none" in (each.post_data or "") and "references" in each.url]
    expect(live.entry("none")).to_have_attribute("data-state", "error")


def test_a_marker_leads_to_its_place(open_page: Open) -> None:
    live = open_page()
    live.write("x\n" * 300 + PROMPT)
    live.entry("b.md").locator("button.marker").click()
    assert live.page.evaluate("getSelection().toString()") == "@[file:b.md]"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_tokens_in_the_text(open_page: Open, scheme: str) -> None:
    """Each token coloured, neighbours otherwise, text readable; hover, caret and list say which one it is."""
    text = "Read the module below, and 👩‍👩‍👧 too.\n\tdone"
    live = open_page(scheme=scheme)
    live.write(text)
    live.page.get_by_role("button", name="Tokens", exact=True).click()
    expect(live.page.locator("#ids .id").first).to_be_visible()
    ids = " ".join(live.page.locator("#ids .id").all_inner_texts())
    assert ids == " ".join(map(str, encode(text)))
    measured = live.page.evaluate(CONTRAST)
    assert min(contrast for _, contrast in measured) >= 4.5
    live.page.locator(".cm-content").focus()
    live.page.keyboard.press("Control+Home")
    expect(live.page.locator("#inspector")).to_contain_text(f"id {encode(text)[0]}")
    expect(live.page.locator("#inspector")).to_contain_text("52 65 61 64")
    live.page.locator("#ids .id").nth(2).hover()
    expect(live.page.locator("#inspector")).to_contain_text("·module")
    expect(live.page.locator(".cm-line .lit")).to_have_text(" module")
    live.page.locator(".cm-line .token").nth(1).hover()
    expect(live.page.locator(".cm-tooltip")).to_contain_text(f"id {encode(text)[1]}")
    expect(live.page.locator(".cm-tooltip")).to_contain_text("Token 2")


def test_tokens_in_the_middle_of_one_line(open_page: Open) -> None:
    """Far down a line that has no place to cut, each piece in view is coloured, with the right number."""
    live = open_page()
    words = " ".join(f"word{number}" for number in range(40_000))
    live.write(words)
    live.await_exact()
    live.page.get_by_role("button", name="Tokens", exact=True).click()
    live.page.locator(".cm-scroller").evaluate("(element) => { element.scrollTop = element.scrollHeight / 2; }")
    expect(live.page.locator(".cm-line .token").first).to_be_visible()
    live.page.wait_for_timeout(1_500)
    box = live.page.locator("#editor").bounding_box()
    assert box
    live.page.mouse.click(box["x"] + 200, box["y"] + 200)
    expect(live.page.locator("#inspector .place")).to_have_text(re.compile(r"Tokens? [\d,]+"))
    place = int(live.page.locator("#inspector .place").inner_text().split()[1].replace(",", ""))
    id_ = int(live.page.locator("#inspector .ids").inner_text().split()[1])
    assert encode(words)[place - 1] == id_
    assert place > 20_000


def test_white_space_is_shown_on_demand(open_page: Open) -> None:
    live = open_page()
    live.write("a b\t\n")
    live.page.get_by_role("button", name="White space").click()
    expect(live.page.locator(".line-break")).to_have_text("↵")
    expect(live.page.locator(".cm-highlightSpace")).to_have_count(1)
    expect(live.page.locator(".cm-highlightTab")).to_have_count(1)


TRY_NOW = "[...document.querySelectorAll('button')].find(each => each.textContent === 'Try now')?.click()"
"""In one step, since the page goes on trying by itself, and takes the button away when that worked."""


def test_the_service_is_gone_and_back(browser: Browser, root: Path, tmp_path: Path) -> None:
    """What is shown says of when it is, nothing is lost, and on return all is counted."""
    with serve(tmp_path) as server, visit(browser, server) as open_page:
        live = open_page()
        live.failures |= {"ERR_CONNECTION_REFUSED", "ERR_EMPTY_RESPONSE", "ERR_CONNECTION_RESET"}
        live.write("one two three")
        assert live.await_exact() == 3
        server.stop()
        live.write(" four")
        live.await_status(re.compile("as it was at"))
        expect(live.page.locator(".notice")).to_contain_text(
            "The service does not answer. Your text is safe in this page."
        )
        expect(live.page.locator(".notice")).to_contain_text(re.compile("Trying again"))
        assert live.total == 3
        with serve_at(root, tmp_path, server.port):
            live.page.evaluate(TRY_NOW)
            live.await_status(re.compile("exact"))
            expect(live.page.locator(".notice")).to_have_count(0)
            assert live.total == 4


def serve_at(root: Path, directory: Path, port: int) -> Any:  # noqa: ANN401  a context
    """Serve again at the same port."""
    return serve(directory, "--port", str(port), "--root", os.fspath(root))


def test_offline_and_back(open_page: Open) -> None:
    """By itself, without anybody asking for it."""
    live = open_page()
    live.failures.add("ERR_INTERNET_DISCONNECTED")
    live.write("one")
    live.await_exact()
    live.page.context.set_offline(True)
    live.write(" two")
    live.await_status(re.compile("as it was at"))
    live.page.context.set_offline(False)
    live.await_status(re.compile("exact"))
    assert live.total == 2


@pytest.mark.parametrize(
    ("status", "code"), [(500, "internal"), (503, "overloaded"), (504, "timeout"), (421, "wrong_host")]
)
def test_what_the_service_says_is_shown(open_page: Open, status: int, code: str) -> None:
    """In its words; and it is asked again."""
    live = open_page()
    live.failures.add("Failed to load resource")
    live.page.route("**/v1/count/batch", refuse(status, code), times=1)
    live.write("hello world")
    expect(live.page.locator(".notice")).to_contain_text(f"The service said: this is {code}.")
    live.await_status(re.compile("exact"))
    assert live.total == 2


def test_nothing_is_left_to_ask(open_page: Open) -> None:
    """What could not be counted was undone meanwhile: that the service is back is found out all the same."""
    live = open_page()
    live.failures.add("ERR_INTERNET_DISCONNECTED")
    live.write("one")
    live.await_exact()
    live.page.wait_for_timeout(600)  # the next input is a step of its own for undo
    live.page.context.set_offline(True)
    live.write(" two")
    live.await_status(re.compile("as it was at"))
    live.page.keyboard.press("Control+z")
    live.page.context.set_offline(False)
    live.await_status(re.compile("exact"))
    expect(live.page.locator(".notice")).to_have_count(0)
    assert live.total == 1


@pytest.mark.parametrize("body", ["[]", "{}", "null", "<html>another program</html>"])
def test_a_reply_that_is_not_of_the_service(open_page: Open, body: str) -> None:
    """Of a proxy, say: it is no count, and asked for again."""
    live = open_page(address="#tokens=on")
    for path in ("count/batch", "references/count", "tokens", "models"):
        live.page.route(f"**/v1/{path}", lambda route: route.fulfill(status=200, body=body), times=1)
    live.page.reload()
    live.write("@[file:a.py] and")
    expect(live.page.locator(".notice")).to_contain_text("not of this service")
    live.await_status(re.compile("exact"), 30_000)
    expect(live.page.locator(".window")).to_have_count(3)
    expect(live.page.locator("#ids .id")).to_have_count(1)


def test_a_token_that_is_wrong(browser: Browser, tmp_path: Path) -> None:
    """Is taken out of the address, refused in words, and asked for; the right one holds for the tab."""
    with serve(tmp_path, env={"LOOPFLOW_SERVICE_TOKEN": TOKEN}) as server, visit(browser, server) as open_page:
        live = open_page(address="#token=wrong\u00e9&marks=on")
        live.failures.add("401")
        expect(live.page.locator(".notice")).to_contain_text("That token is not the one")
        assert live.page.url.endswith("/#marks=on")
        live.write("hello world")
        live.page.get_by_label("Token of the service").fill(TOKEN)
        live.page.get_by_role("button", name="Use").click()
        live.await_status(re.compile("exact"))
        assert live.total == 2
        live.page.reload()
        live.write("hello world")
        live.await_status(re.compile("exact"))
        live.page.evaluate("location.hash = 'token=another'")
        live.page.wait_for_timeout(200)
        assert live.page.evaluate("location.hash") == ""
        right = open_page(address=f"#token={TOKEN}")
        right.write("a b")
        right.await_status(re.compile("exact"))
        assert TOKEN not in right.page.url
        expect(right.page.locator(".window")).to_have_count(3)


def test_nothing_is_kept_but_settings(open_page: Open) -> None:
    """Neither in the address nor in the browser; settings come back, from a hostile address too."""
    live = open_page()
    live.write("canary-0451 @[var:canary]")
    live.page.get_by_role("button", name="Tokens", exact=True).click()
    live.page.get_by_label("cl100k_base").check(force=True)
    live.page.fill("#room", "4k")
    live.await_exact()
    kept = live.page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }, location.href])")
    assert "canary" not in kept
    assert "encoding=cl100k_base&tokens=on&room=4000" in kept
    live.page.reload()
    expect(live.page.locator("#room")).to_have_value("4000")
    expect(live.page.get_by_label("cl100k_base")).to_be_checked()
    hostile = open_page(address="#encoding=%3Cscript%3Ehit()%3C/script%3E&room=-1&theme=x&limit=9e99&tokens=")
    hostile.write("hello world")
    assert hostile.await_exact() == 2


def axe(live: Live) -> list[str]:
    """Return what axe finds."""
    source = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
    live.page.evaluate(source + "; 0")
    found = live.page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{each['id']}: {json.dumps([node['html'][:160] for node in each['nodes']][:3])}"
        for each in found["violations"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_axe_finds_nothing(open_page: Open, width: int, scheme: str) -> None:
    """Empty; with references that failed, tokens, a selection, files, a limit that is exceeded, an error."""
    live = open_page(width=width, scheme=scheme)
    expect(live.page.locator(".window")).to_have_count(3)
    assert axe(live) == []
    live.failures.add("503")
    live.page.fill("#limit", "5")
    live.write(PROMPT)
    live.drop(("x.txt", "some words"), ("y.bin", b"\0"))
    live.page.get_by_role("button", name="Tokens", exact=True).click()
    expect(live.page.locator("#ids .id").first).to_be_visible()
    expect(live.entry("style")).to_have_attribute("data-state", "error")
    assert axe(live) == []
    live.page.route("**/v1/count/batch", refuse(503, "overloaded"))
    live.write("more")
    expect(live.page.get_by_role("button", name="Try now")).to_be_visible()
    assert axe(live) == []


@pytest.mark.parametrize("width", [320, 390, 640, 899, 900, 1280, 2400])
def test_no_width_scrolls_sideways(open_page: Open, width: int) -> None:
    """With long names, long numbers, and words without an end."""
    live = open_page(width=width)
    live.page.get_by_role("button", name="Tokens", exact=True).click()
    live.write(f"@[file:{'long' * 60}] @[var:{'x' * 200}]\n" + "w" * 5_000 + " word" * 30_000)
    live.drop(("n" * 240, "text"), ("other", "b"))
    live.await_exact()
    live.page.wait_for_timeout(300)
    assert live.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    wide = """[...document.querySelectorAll("body *")]
      .filter((element) => !element.closest(".cm-scroller, #ids, .unseen, svg")
      && element.getBoundingClientRect().right > innerWidth + 0.5).map((element) => element.outerHTML.slice(0, 120))"""
    assert live.page.evaluate(wide) == []


@pytest.mark.parametrize("height", [700, 860, 1600])
def test_no_height_scrolls_without_need(open_page: Open, height: int) -> None:
    """Cards that are not shown take no room."""
    live = open_page(height=height)
    expect(live.page.locator(".window")).to_have_count(3)
    cards = "[...document.querySelectorAll('main > section')]"
    ends: list[float] = live.page.evaluate(f"{cards}.map((each) => each.getBoundingClientRect().bottom)")
    assert live.page.evaluate("document.documentElement.scrollHeight") <= max(height, *(end + 25 for end in ends))


def test_on_paper(open_page: Open) -> None:
    """All of the text, dark on white whatever the theme, and nothing to press."""
    live = open_page(scheme="dark", address="#theme=dark")
    live.write("a line\n" * 200)
    live.await_exact()
    live.page.emulate_media(media="print")
    expect(live.page.locator(".cm-line")).to_have_count(201)
    held = "document.querySelector('#editor .cm-scroller')"
    assert live.page.evaluate(f"{held}.scrollHeight <= {held}.clientHeight + 1")
    assert live.page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
    expect(live.page.locator("button:visible")).to_have_count(0)


def test_the_keyboard_reaches_everything(open_page: Open) -> None:
    """Tab leaves the text, and comes round to each control; a ring shows where it is."""
    live = open_page()
    live.write(PROMPT)
    expect(live.entry("a.py")).to_have_attribute("data-state", "ok")
    reached = set()
    for _ in range(60):
        live.page.keyboard.press("Tab")
        reached.add(
            live.page.evaluate("document.activeElement.id || document.activeElement.getAttribute('aria-label')")
        )
    wanted = {
        "choose",
        "theme",
        "pin",
        "show-tokens",
        "show-marks",
        "clear",
        "room",
        "limit",
        "all-again",
        "Text to count",
    }
    assert wanted <= reached
    assert any("Ask again" in str(each) for each in reached)
    live.page.locator("#pin").focus()
    live.page.keyboard.press("Shift+Tab")
    live.page.keyboard.press("Tab")
    assert live.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_what_a_screen_reader_is_told(open_page: Open) -> None:
    """One polite region, at most every two seconds: the number, and what does not fit."""
    live = open_page()
    live.page.evaluate("""() => {
      window.told = [];
      new MutationObserver(() => window.told.push([performance.now(), document.querySelector("#speech").textContent]))
        .observe(document.querySelector("#speech"), { childList: true, characterData: true, subtree: true });
    }""")
    live.page.fill("#limit", "3")
    for _ in range(12):
        live.write("word ")
        live.page.wait_for_timeout(300)
    live.await_exact()
    live.page.wait_for_timeout(2_200)
    told = live.page.evaluate("window.told")
    times = [time for time, _ in told]
    assert all(later - earlier >= 1_900 for earlier, later in pairwise(times))
    assert told[-1][1] == "13 tokens. your limit: too many"
    assert live.page.locator("[aria-live]:not(.cm-editor *)").count() == 1


def test_less_motion(open_page: Open) -> None:
    live = open_page(before=lambda page: page.emulate_media(reduced_motion="reduce"))
    live.page.route("**/v1/references/count", lambda _: None)
    live.write("@[file:a.py] ")
    turning = live.page.locator(".icon-resolving")
    expect(turning).to_be_visible()
    assert turning.evaluate("(element) => getComputedStyle(element).animationName") == "none"
