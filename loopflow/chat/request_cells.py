"""The cells of a log of requests: what a column is called, and times and numbers as spreadsheets write them.

What cannot be read is an error that names its row: a sum that left something out would be worse than none.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from operator import attrgetter
from typing import Final, TypeVar

from loopflow.analysis.names import escape_name
from loopflow.errors import UsageError

_Value = TypeVar("_Value")
ALIASES: Final[Mapping[str, tuple[str, ...]]] = {
    "time": (
        *("timestart", "starttime", "starttimestamp", "windowstart", "bucketstart", "timestamp", "createdat"),
        *("datetime", "created", "time", "start", "date", "minute", "usagedateutc", "genaicreated"),
    ),
    "requests": ("requests", "numberofrequests", "numrequests", "requestcount", "nummodelrequests", "calls"),
    "input": (
        *("inputtokens", "prompttokens", "tokensin", "tokensprompt", "ncontexttokenstotal", "usageinputtokens"),
        *("genaiusageinputtokens", "contexttokens", "input", "prompt"),
    ),
    "output": (
        *("outputtokens", "completiontokens", "tokensout", "tokenscompletion", "ngeneratedtokenstotal"),
        *("usageoutputtokens", "genaiusageoutputtokens", "generatedtokens", "output", "completion"),
    ),
    "total": ("totaltokens", "tokenstotal", "usagetotaltokens"),
    "model": ("modelid", "model", "modelname", "genairequestmodel", "genairesponsemodel", "modelpermaslug"),
    "task": ("task", "tasktype", "workload", "component"),
    "session": ("session", "sessionid", "conversation", "conversationid", "threadid"),
    "id": ("requestid", "id", "generationid", "responseid", "genairesponseid"),
}
"""What a column is called, without what is no letter or digit: which one it is, the best first."""
NUMBERS: Final = ("requests", "input", "output", "total")
NAMES: Final = ("model", "task", "session")
REQUIRED: Final = ("time", "input", "output")
_FIRST: Final = datetime(2012, 1, 1, tzinfo=UTC).timestamp()
_LAST: Final = datetime(2200, 1, 1, tzinfo=UTC).timestamp()
NO_ZONE: Final = "times that name no zone"
_MOST: Final = 10**15
_MILLISECONDS: Final = 10**11
"""From here on a number is milliseconds since 1970: as seconds it would be of the year 5138."""
_NO_NAME_CHAR: Final = re.compile(r"[\W_]+")
_NUMBER: Final = re.compile(r"[+-]?(\d+|\d{1,3}([,'\u00a0\u2009\u202f ]\d{3})+)(\.0*)?")
_EPOCH: Final = re.compile(r"\d{9,13}(\.\d+)?")


def find_columns(header: Sequence[str], named: Mapping[str, str]) -> dict[str, int]:
    """Return where each column is. Raises UsageError where one lacks that is needed."""
    titles = [_NO_NAME_CHAR.sub("", title).lower() for title in header]
    places = {}
    for role, aliases in ALIASES.items():
        if role in named:
            if named[role] not in header:
                raise UsageError(f"there is no column {escape_name(named[role])}", f"it has {_list_titles(header)}")
            places[role] = header.index(named[role])
            continue
        found = next((titles.index(alias) for alias in aliases if alias in titles), None)
        if found is not None and found not in places.values():
            places[role] = found
    missing = [role for role in REQUIRED if role not in places]
    if missing:
        what = f"no column is known as {' or as '.join(missing)}; it has {_list_titles(header)}"
        raise UsageError(what, f'say which one it is, such as --column {missing[0]}="{_first_title(header)}"')
    return places


def _list_titles(header: Sequence[str]) -> str:
    shown = [escape_name(title.strip()[:40]) for title in header[:12]]
    return ", ".join(shown) + (f" and {len(header) - 12} more" if len(header) > 12 else "")  # noqa: PLR2004  as above


def _first_title(header: Sequence[str]) -> str:
    return escape_name(header[0].strip()[:40]) or "TITLE"


def read_times(texts: Sequence[str], numbers: Sequence[int], zone: tzinfo, notes: list[str]) -> list[float]:
    """Return moments as seconds since 1970."""
    try:
        moments = list(map(datetime.fromisoformat, texts))
    except ValueError:
        moments = _each(texts, numbers, "time", _read_time)
    if None in set(map(attrgetter("tzinfo"), moments)):
        notes.append(NO_ZONE)
        moments = [moment if moment.tzinfo else moment.replace(tzinfo=zone) for moment in moments]
    seconds = list(map(datetime.timestamp, moments))
    if not _FIRST <= min(seconds) <= max(seconds) < _LAST:
        at = next(at for at, each in enumerate(seconds) if not _FIRST <= each < _LAST)
        raise _wrong(numbers[at], "time", texts[at], "is not from 2012 to 2199")
    return seconds


def _read_time(text: str) -> datetime:
    text = text.strip().removesuffix(" UTC").removesuffix(" GMT").replace("/", "-")
    if _EPOCH.fullmatch(text):
        number = float(text)
        return datetime.fromtimestamp(number / 1000 if number >= _MILLISECONDS else number, UTC)
    return datetime.fromisoformat(text)


def read_numbers(texts: Sequence[str], numbers: Sequence[int], role: str, notes: list[str]) -> list[int]:
    """Return whole numbers, 0 or more."""
    try:
        if "_" in "".join(texts):  # which Python takes for a mark of thousands, and nobody else does
            raise ValueError  # noqa: TRY301  as of any other text that is no number
        read = list(map(int, texts))
    except ValueError:
        if not all(map(str.strip, texts)):
            notes.append(f"empty cells of {role} were read as 0")
        read = _each(texts, numbers, role, _read_number)
    if min(read) < 0 or max(read) > _MOST:
        at = next(at for at, each in enumerate(read) if not 0 <= each <= _MOST)
        raise _wrong(numbers[at], role, texts[at], "is below 0" if read[at] < 0 else "is too much to be true")
    return read


def _read_number(text: str) -> int:
    """Return a whole number as spreadsheets write it: "1,234", "1234.0", or nothing."""
    text = text.strip()
    if not text:
        return 0
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    return int(re.sub(r"[^\d+-]", "", text.partition(".")[0]))


def _each(texts: Sequence[str], numbers: Sequence[int], role: str, read: Callable[[str], _Value]) -> list[_Value]:
    found = []
    for at, text in enumerate(texts):
        try:
            found.append(read(text))
        except (ValueError, OverflowError) as error:
            kind = "is no time as ISO 8601 has it" if role == "time" else "is no whole number"
            raise _wrong(numbers[at], role, text, kind) from error
    return found


def _wrong(number: int, role: str, text: str, why: str) -> UsageError:
    shown = f"'{escape_name(text[:40])}{'...' if len(text) > 40 else ''}'"  # noqa: PLR2004  enough to know it again
    return UsageError(f"row {number:,}: {role} {shown} {why}", "correct the row, or take it out")
