"""The reference is what the code says: its pages are made again and compared."""

import re
import runpy
from pathlib import Path

import pytest

REFERENCE = Path(__file__).parents[2] / "docs/reference"
PAGES = [
    ("make_errors.py", "render", "errors.md"),
    ("make_options.py", "render_options", "options.md"),
    ("make_options.py", "render_agents", "agents-options.md"),
    ("make_options.py", "render_facts", "agents-facts.md"),
    ("make_options.py", "render_logs", "logs-options.md"),
    ("make_options.py", "render_usage", "usage-options.md"),
    ("make_options.py", "render_memory", "memory-options.md"),
    ("make_options.py", "render_chat", "chat-options.md"),
    ("make_options.py", "render_count", "count-options.md"),
    ("make_options.py", "render_serve", "serve-options.md"),
    ("make_options.py", "render_config", "config.md"),
    ("make_windows.py", "render", "windows.md"),
]


@pytest.mark.parametrize(("script", "function", "page"), PAGES)
def test_a_page_is_what_the_code_says(script: str, function: str, page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody forgets the page: where this fails, `python docs/reference/SCRIPT` renews it."""
    monkeypatch.syspath_prepend(REFERENCE)  # as where the script is run
    assert runpy.run_path(str(REFERENCE / script))[function]() == (REFERENCE / page).read_text("utf-8")


def test_every_error_is_listed() -> None:
    """As many errors as are raised are found, at least: the script does not overlook a way to raise one."""
    source = "".join(path.read_text("utf-8") for path in (REFERENCE.parents[1] / "loopflow").rglob("*.py"))
    raised = set(re.findall(r"raise (?:Loopflow|Usage|Git|Config)Error\(\s*f?\"([^\"{]{12,})", source))
    page = (REFERENCE / "errors.md").read_text("utf-8")
    assert len(raised) > 10
    assert {text for text in raised if text.strip() not in page} == set()


def test_every_variable_is_listed() -> None:
    """A variable that the code reads stands in the table of variables."""
    source = "".join(path.read_text("utf-8") for path in (REFERENCE.parents[1] / "loopflow").rglob("*.py"))
    page = (REFERENCE / "options.md").read_text("utf-8")
    named = set(re.findall(r"\"((?:LOOPFLOW|PRE_COMMIT)_[A-Z_]+)\"", source))
    assert "LOOPFLOW_ENGINE" in named
    assert {name for name in named if f"`{name}`" not in page} == set()
