"""What the wing is for: two processes share a budget, and each alert arrives once, by real mail and a real post."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from loopflow.usage.database import Database
from loopflow.usage.ledger import Ledger
from tests.support.receivers import receive_mail, receive_posts
from tests.usage.test_ledger import ALL

pytestmark = pytest.mark.server

ADDER = """
import sys
from datetime import UTC, datetime, timedelta
from loopflow.usage import open_usage, track_api_call
address, config, minutes, calls = sys.argv[1:]
now = datetime(2026, 3, 11, 10, 0, tzinfo=UTC) + timedelta(minutes=int(minutes))
usage = open_usage(address, config=config, clock=lambda: now)
print("ready", flush=True)
sys.stdin.readline()
for _ in range(int(calls)):
    track_api_call("api", 40, 10, usage=usage)
"""
CONFIG = """
[[usage.budget]]
name = "daily"
tokens = 1000
[usage.alerts]
email = ["a@example.com"]
smtp = "{smtp}"
webhook = "{webhook}"
"""


def add_at_once(*arguments: str, processes: int = 2) -> None:
    """Let processes add at the same time."""
    started = [
        subprocess.Popen([sys.executable, "-c", ADDER, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(processes)
    ]
    for each in started:
        assert each.stdout is not None
        assert each.stdout.readline() == b"ready\n"
    for each in started:
        each.communicate(b"go\n", timeout=120)
    assert [each.returncode for each in started] == [0] * processes


def test_two_processes_share_a_budget(address: str, tmp_path: Path) -> None:
    """10 calls of 50 tokens each: the sum is 1,000, with one warning and one critical alert by mail and by post.

    None again within the hour, and one again after it.
    """
    config = tmp_path / "loopflow.toml"
    with receive_mail() as box, receive_posts() as posts:
        config.write_text(CONFIG.format(smtp=box.url, webhook=posts.url))
        add_at_once(address, str(config), "0", "10")
        assert Ledger(Database(address)).sum(ALL).exact.used == 1_000
        levels = ["critical", "warning"]
        assert sorted(json.loads(body)["level"] for body in posts.bodies) == levels
        assert [subject.partition(":")[0] for subject in box.subjects] == levels
        add_at_once(address, str(config), "59", "2")
        assert (len(box.mails), len(posts.bodies)) == (2, 2)
        add_at_once(address, str(config), "61", "2")
        assert (len(box.mails), len(posts.bodies)) == (3, 3)
        assert json.loads(posts.bodies[-1])["level"] == "critical"


def test_many_processes_tell_once(address: str, tmp_path: Path) -> None:
    """Six at once, all of them over the limit from their first call on."""
    config = tmp_path / "loopflow.toml"
    with receive_mail() as box, receive_posts() as posts:
        config.write_text(CONFIG.format(smtp=box.url, webhook=posts.url).replace("1000", "10"))
        add_at_once(address, str(config), "0", "4", processes=6)
    assert (len(box.mails), len(posts.bodies)) == (1, 1)
