"""A conversation as a hierarchy of tokens: turns as branches, messages as leaves, roles as kinds."""

from loopflow.charts.hierarchy import Node, Words, build_hierarchy
from loopflow.charts.kinds import sum_kinds
from loopflow.charts.page import Page

WORDS = Words(item="message", branch="turn", kind="role", own="(turn itself)")
HOSTILE = "\x1b[31m</script><script>hit()</script>"
MESSAGES: tuple[tuple[tuple[str, ...], str, int], ...] = (
    (("Turn 1", "question"), "user", 120),
    (("Turn 1", "answer"), "assistant", 480),
    (("Turn 2", "question"), "user", 60),
    (("Turn 2", "Tools", "grep"), "tool", 900),
    (("Turn 2", "Tools", HOSTILE), "tool", 300),
    (("Turn 2", "Tools", ""), "system", 40),
    (("Turn 2", "answer"), "assistant", 100),
    (("system",), "system", 2000),
)


def make_conversation() -> Node:
    """Return the conversation."""
    return build_hierarchy(MESSAGES, WORDS, "conversation")


def make_page() -> Page:
    """Return the page of the conversation."""
    root = make_conversation()
    about = [("about", HOSTILE)]
    return Page(root, sum_kinds(root), WORDS, "Conversation", HOSTILE, about, "Every number is exact.")
