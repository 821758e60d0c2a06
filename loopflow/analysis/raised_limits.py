"""What a change did to the rules that it is judged by: limits raised, dropped, or made to warn only."""

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

from loopflow.analysis.names import escape_name
from loopflow.model import Allowance, Level, Rule, Scope


def describe_changes(before: Iterable[Rule], after: Iterable[Rule]) -> list[str]:
    """Return a line for every way in which the rules `after` allow more than those `before` did."""
    now = {rule.name: rule for rule in after}
    lines = []
    for old in before:
        name = escape_name(old.name)
        new = now.get(old.name)
        if new is None:
            lines.append(f"this change removes the rule {name}")
            continue
        for scope in Scope:
            was, is_now = getattr(old, scope.value), getattr(new, scope.value)
            if was is not None and is_now is None:
                lines.append(f"this change drops the {scope} limit of {name}, which was {format_limit(was)}")
            elif was is not None and _allows_more(was, is_now):
                verb = "changes" if _are_different_units(was, is_now) else "raises"
                change = f"from {format_limit(was)} to {format_limit(is_now)}"
                lines.append(f"this change {verb} the {scope} limit of {name} {change}")
        if old.level is Level.FAIL and new.level is Level.WARN:
            lines.append(f"this change makes {name} warn only")
        if (old.paths, old.types) != (new.paths, new.types):
            lines.append(f"this change alters which files {name} is about")
    return lines


def format_limit(limit: int | Allowance) -> str:
    """Return a limit as people write it."""
    if isinstance(limit, int):
        return f"{limit:,}"
    if limit.share is not None:
        percent = limit.share * 100
        return f"{Decimal(percent.numerator) / percent.denominator:f}%"
    return f"{limit.tokens:,}"


def _allows_more(was: int | Allowance, is_now: int | Allowance) -> bool:
    return _are_different_units(was, is_now) or _amount(is_now) > _amount(was)


def _amount(limit: int | Allowance) -> int | Fraction:
    return limit if isinstance(limit, int) else limit.share or limit.tokens or 0


def _are_different_units(was: int | Allowance, is_now: int | Allowance) -> bool:
    return (
        isinstance(was, Allowance) and isinstance(is_now, Allowance) and (was.share is None) != (is_now.share is None)
    )
