"""Limits and routes as the config of the repository around a directory says, for programs."""

import os
from collections.abc import Mapping

from loopflow.chat.limits import Limits
from loopflow.chat.settings import ChatSettings
from loopflow.config.sections import read_section
from loopflow.errors import UsageError
from loopflow.model import ConfigRequest
from loopflow.usecases.find_config import find_config_here


def read_chat_settings(here: str | None = None, environ: Mapping[str, str] | None = None) -> ChatSettings:
    """Return what `[chat]` says, of the config around `here` or the current directory. Raises LoopflowError."""
    environ = os.environ if environ is None else environ
    request = ConfigRequest({}, environ, environ.get("LOOPFLOW_CONFIG") or None)
    config = find_config_here(os.path.abspath(here or os.getcwd()), request)
    settings: ChatSettings = read_section(config.sections, "chat")
    return settings


def limits_for(model: str, here: str | None = None, environ: Mapping[str, str] | None = None) -> Limits:
    """Return the limits of a model, as configured or built in. Raises UsageError where nobody knows any."""
    found = read_chat_settings(here, environ).limits_of(model)
    if found is None:
        hint = f'write [chat.limits.{model!r}] in the config, and below it input = "200k"'
        raise UsageError(f"nobody says how much {model!r} takes", hint)
    return found._replace(model=model)
