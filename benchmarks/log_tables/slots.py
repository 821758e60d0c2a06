"""Lines with variable parts, filled by chance: the stuff that made-up logs are of.

A line is written as programs write theirs, a fixed sentence with places to fill: "Fetched {int} rows in {ms} ms".
"""

import itertools
import re
from collections.abc import Callable, Sequence
from functools import cache
from random import Random

NOUNS = (
    *("account", "address", "archive", "asset", "audit", "backup", "balance", "banner", "basket", "batch", "billing"),
    *("block", "broker", "bucket", "budget", "buffer", "cache", "calendar", "campaign", "cart", "catalog", "channel"),
    *("checkout", "chunk", "claim", "client", "cluster", "column", "comment", "config", "consumer", "contract"),
    *("country", "coupon", "cursor", "customer", "dataset", "deploy", "device", "digest", "discount", "document"),
    *("domain", "draft", "event", "export", "feature", "feed", "field", "filter", "folder", "gateway", "geometry"),
    *("group", "handler", "header", "history", "image", "import", "index", "invoice", "job", "journal", "ledger"),
    *("lease", "listing", "locale", "lookup", "mailbox", "manifest", "message", "metric", "migration", "model"),
    *("notice", "offer", "order", "packet", "partition", "payment", "permit", "pipeline", "policy", "price", "profile"),
    *("quota", "query", "queue", "receipt", "record", "region", "replica", "report", "request", "role", "route"),
    *("rule", "sample", "schema", "segment", "session", "shard", "shipment", "signal", "snapshot", "stock", "stream"),
    *("tariff", "template", "tenant", "thumbnail", "ticket", "token", "topic", "tracker", "transfer", "upload"),
    *("vendor", "version", "voucher", "wallet", "webhook", "widget", "window", "worker", "workflow", "zone"),
)
VERBS = (
    *("accepted", "acquired", "applied", "archived", "assigned", "cached", "checked", "cleaned", "closed", "committed"),
    *("compacted", "computed", "connected", "copied", "created", "decoded", "deleted", "delivered", "dispatched"),
    *("encoded", "evicted", "expired", "exported", "fetched", "flushed", "forwarded", "handled", "indexed", "joined"),
    *(
        "loaded",
        "locked",
        "matched",
        "merged",
        "moved",
        "opened",
        "parsed",
        "polled",
        "prepared",
        "published",
        "queued",
    ),
    *(
        "read",
        "rebuilt",
        "received",
        "refreshed",
        "registered",
        "released",
        "removed",
        "renamed",
        "resolved",
        "resumed",
    ),
    *(
        "routed",
        "saved",
        "scanned",
        "scheduled",
        "sent",
        "skipped",
        "started",
        "stored",
        "synced",
        "updated",
        "written",
    ),
)
HOSTS = ("web", "api", "worker", "db", "cache", "edge", "ingest", "batch")
SLOT = re.compile(r"\{(\w+)\}")

Fill = Callable[[Random], str]
Line = Callable[[Random], str]


def choose_early(chance: Random, things: Sequence[str]) -> str:
    """Return one of them, the first ones far more often, as names in a project are."""
    return things[int(len(things) * chance.random() ** 3)]


def _number(least: int, most: int) -> Fill:
    def fill(chance: Random) -> str:
        return str(least + int(chance.random() * (most - least)))

    return fill


def _hex(digits: int) -> Fill:
    def fill(chance: Random) -> str:
        return f"{chance.getrandbits(4 * digits):0{digits}x}"

    return fill


def _uuid(chance: Random) -> str:
    text = f"{chance.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _address(chance: Random) -> str:
    bits = chance.getrandbits(24)
    return f"10.{bits >> 16}.{bits >> 8 & 255}.{bits & 255}"


def _version(chance: Random) -> str:
    bits = chance.getrandbits(12)
    return f"{bits >> 9}.{bits >> 5 & 15}.{bits & 31}"


@cache
def _names() -> list[str]:
    pairs = [f"{one}_{other}" for one, other in itertools.product(NOUNS, NOUNS) if one != other]
    Random("names").shuffle(pairs)
    return [*NOUNS, *pairs[:4_000]]


def name(chance: Random) -> str:
    """Return the name of something in a project, such as `order` or `price_lookup`."""
    return choose_early(chance, _names())


def camel(chance: Random) -> str:
    """Return such a name as Java writes it."""
    return name(chance).title().replace("_", "")


SLOTS: dict[str, Fill] = {
    "int": _number(0, 100_000),
    "few": _number(1, 40),
    "ms": _number(1, 4_000),
    "line": _number(3, 900),
    "port": _number(30_000, 61_000),
    "percent": _number(0, 100),
    "thread": _number(1, 24),
    "pid": _number(200, 32_000),
    "hex": _hex(8),
    "sha": _hex(40),
    "long": _hex(12),
    "uuid": _uuid,
    "ip": _address,
    "version": _version,
    "name": name,
    "camel": camel,
    "noun": lambda chance: choose_early(chance, NOUNS),
    "host": lambda chance: f"{chance.choice(HOSTS)}-{int(chance.random() * 20)}",
    "user": lambda chance: f"user{int(chance.random() * 100_000)}",
}


@cache
def line(text: str) -> Line:
    """Return what fills a sentence; what stands in brackets and is no slot is left."""
    parts = SLOT.split(text)
    pieces: list[str | Fill] = [
        SLOTS.get(part, f"{{{part}}}") if number % 2 else part for number, part in enumerate(parts)
    ]

    def fill(chance: Random) -> str:
        return "".join([piece if isinstance(piece, str) else piece(chance) for piece in pieces])

    return fill


def choice_of(many: int, *texts: str) -> Line:
    """Return what says one of that many fixed sentences, made of a few by naming things, the first ones more often."""

    @cache
    def sentences() -> list[Line]:
        chance = Random(texts[0])
        return [line(fix_names(chance, chance.choice(texts))) for _ in range(many)]

    def fill(chance: Random) -> str:
        return sentences()[int(many * chance.random() ** 2)](chance)

    return fill


def fix_names(chance: Random, text: str) -> str:
    """Fill the names in a sentence, but no numbers: a program says it about the same thing each time."""
    fixed = {"name", "camel", "noun"}
    return SLOT.sub(lambda found: SLOTS[found[1]](chance) if found[1] in fixed else found[0], text)
