"""What holds for a run, as TOML with the origin of each value behind it."""

import os
from collections.abc import Iterator

from loopflow.analysis.names import escape_name, quote_toml
from loopflow.analysis.proposal import Proposal
from loopflow.analysis.raised_limits import format_limit
from loopflow.config.resolve import Config
from loopflow.model import Allowance, Rule, Scope


def render_config(config: Config) -> Iterator[str]:
    """Yield lines without line ends."""
    values = {
        "encoding": config.encoding,
        "include": config.include,
        "exclude": config.exclude,
        "against": config.against,
        "baseline": config.baseline,
    }
    for key, value in values.items():
        start = f"# {key} is not set" if value is None else f"{key} = {_show(value)}"
        yield f"{start}  # {config.origins.get(key, 'default')}"
    for rule in config.rules:
        yield ""
        yield from _rule(rule)


def render_start(path: str, proposal: Proposal) -> Iterator[str]:
    """Say what was written and why, and what to do next."""
    shown = escape_name(path)
    yield f"wrote {shown}"
    yield from (f"  {escape_name(reason)}" for reason in proposal.reasons)
    yield from _NEXT.format(path=shown).splitlines()


_NEXT = """
Try it:
  git add {path}
  code-context --profile --staged --check

As a pre-commit hook, in .pre-commit-config.yaml:
  repos:
    - repo: local
      hooks:
        - id: code-context-budget
          name: code-context budget
          entry: code-context --profile --staged --check --quiet
          language: system
          pass_filenames: false
          always_run: true
          require_serial: true

In GitHub Actions, for pull requests, after actions/checkout with fetch-depth: 0:
  - run: code-context --profile --rev HEAD --against "origin/$GITHUB_BASE_REF" --check

To see growth since today, and not only since a change began:
  code-context --profile --save-baseline
"""


def short_path(path: str, here: str) -> str:
    """Return a path (relative to `here`, or absolute) as a user in the directory `here` would write it."""
    return min(path, os.path.relpath(os.path.join(here, path), here), key=len)


def _rule(rule: Rule) -> Iterator[str]:
    if rule.is_whole:
        yield "[budget]"
    else:
        yield "[[rule]]"
        yield f"name = {_show(rule.name)}{_origin(rule, 'name')}"
        for key in ("paths", "types"):
            if getattr(rule, key):
                yield f"{key} = {_show(getattr(rule, key))}{_origin(rule, key)}"
    for scope in Scope:
        limit = getattr(rule, scope.value)
        if limit is not None:
            text = format_limit(limit).replace(",", "_")
            yield f"{scope} = {_show(text) if '%' in text else text}{_origin(rule, scope.value)}"
    yield f"warn = {_show(format_limit(Allowance(share=rule.warn)))}{_origin(rule, 'warn')}"
    yield f"level = {_show(rule.level)}{_origin(rule, 'level')}"


def _show(value: str | tuple[str, ...]) -> str:
    """Return a value as TOML that cannot act on a terminal."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(_show, value))}]"
    return quote_toml(value)


def _origin(rule: Rule, key: str) -> str:
    place = rule.places.get(key)
    if place is None:
        return "  # default"
    return f"  # {escape_name(place.file)}" + (f":{place.line}" if place.line else "")
