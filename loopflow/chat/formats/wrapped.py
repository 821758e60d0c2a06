"""Which texts under the user's role no person wrote: what agents put there about their surroundings."""

import re
from typing import Final

from loopflow.chat.facts import parse
from loopflow.chat.ours import PLACEHOLDERS, is_ours

# As the agents write them into their sessions; a text counts as theirs where it begins with one.
_CLAUDE_CODE: Final = re.compile(
    r"\s*(?:<(?:system-reminder|task-notification|command-[a-z]+|local-command-[a-z]+|bash-(?:input|stdout|stderr))>"
    r"|Caveat: The messages below|\[Request interrupted)"
)
_CODEX: Final = re.compile(
    r"\s*(?:<(?:environment_context|user_instructions|turn_aborted|permissions instructions|INSTRUCTIONS|skill)>"
    r"|# AGENTS\.md instructions)"
)
_WRAPPERS: Final = {"claude-code": _CLAUDE_CODE, "anthropic": _CLAUDE_CODE, "codex": _CODEX, "responses": _CODEX}


def is_words(text: str, form: str) -> bool:
    """Whether a text of the user's role in this format is the words of a person."""
    if not text.strip() or (is_ours(text) and (text in PLACEHOLDERS or parse(text) is not None)):
        return False
    wrapper = _WRAPPERS.get(form)
    return wrapper is None or wrapper.match(text) is None
