"""Numbers as people read them."""

from decimal import Decimal

_UNITS = ("bytes", "kB", "MB", "GB", "TB")
_SHORT_UNITS = ("", "k", "M", "G")
_STEP = 1000
_VOWELS = frozenset("aeiou")
_HISSING = ("s", "x", "z", "ch", "sh")


def format_percent(part: int, whole: int) -> str:
    """Return `part` of `whole` with one decimal. Only nothing is 0.0, and only everything is 100.0; more is more."""
    if part == whole:
        return "100.0" if whole else "0.0"
    shown = f"{100 * part / whole:.1f}"
    if shown == "0.0" and part:
        return "<0.1"
    if shown == "100.0":
        return ">99.9" if part < whole else ">100.0"
    return shown


def format_growth(before: int | None, after: int | None) -> str:
    """Return the change as a share of what there was, with one decimal; in words where there was or is nothing."""
    if before is None:
        return "new"
    if after is None:
        return "removed"
    if before == after:
        return "0.0%"
    if not before:
        return "new"  # it was there, and empty
    share = 100 * (after - before) / before
    shown = f"{share:+.1f}%"
    if shown in {"+0.0%", "-0.0%"}:
        return "<+0.1%" if share > 0 else ">-0.1%"
    return ">-100%" if shown == "-100.0%" and after else shown


def format_bytes(size: int) -> str:
    """Return `size` in the unit that leaves one to three digits before the point, in powers of 1,000."""
    scaled, unit = float(size), 0
    while scaled >= _STEP - 0.05 and unit < len(_UNITS) - 1:
        scaled, unit = scaled / _STEP, unit + 1
    return f"{scaled:.1f} {_UNITS[unit]}" if unit else plural(size, "byte")


def format_short(number: int) -> str:
    """Return `number`, 0 or more, with three digits at most and a unit: "401M", "12.3k". It is rounded."""
    scaled, unit = Decimal(number), 0
    while True:
        digits = max(0, 2 - scaled.adjusted())
        shown = scaled.quantize(Decimal(1).scaleb(-digits))
        if shown < _STEP or unit == len(_SHORT_UNITS) - 1:
            break
        scaled, unit = scaled / _STEP, unit + 1
    text = f"{shown:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) + _SHORT_UNITS[unit]


def plural(number: int, noun: str) -> str:
    """Return "1 file", "2 files", "1,000 files"."""
    return f"{number:,} {noun if number == 1 else name_many(noun)}"


def name_many(noun: str) -> str:
    """Return the plural of a regular English noun."""
    if noun.endswith("y") and noun[-2:-1] not in _VOWELS:
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith(_HISSING) else f"{noun}s"
