"""The table `[service]` of the config file."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final

from loopflow.config.toml import Table
from loopflow.config.values import read_encoding, read_names, read_patterns, read_share, read_size, read_text
from loopflow.service.memory import ENTRIES
from loopflow.service.places import DENIED, FILE_MOST

_BYTES = re.compile(r"(\d{1,12}) ?(|B|kB|KB|MB|GB|KiB|MiB|GiB)")
_BYTE_UNITS: Final = {
    "": 1, "B": 1, "kB": 10**3, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30,
}  # fmt: skip
_TIME = re.compile(r"(\d{1,9}) ?(s|m|h|d)")
_TIME_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_PRICE = re.compile(r"((?:[^\d.,\s-]{1,8} ?)?)([0-9]{1,9}(?:\.[0-9]{1,6})?)((?: ?[^\d.,\s-]{1,8})?)")
_METHODS: Final = ("GET", "POST")
_KEYS: Final = (
    *("host", "port", "database", "roots", "deny", "file_max", "memory_entries", "workers", "threads", "warn"),
    *("api", "api_private", "api_cache", "allowed_hosts", "variables", "model"),
    *("body_max", "task_body_max", "at_work", "waiting", "queue", "timeout"),
)
_MOST: Final = 1 << 40


@dataclass(frozen=True, slots=True)
class NamedApi:
    """A request that a text may refer to by name."""

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    """A value `env:NAME` is that of a variable of the environment."""
    body: str | None = None
    vary: tuple[str, ...] = ()
    """The headers that are part of what an answer is known by."""


@dataclass(frozen=True, slots=True)
class ApiCache:
    """How long an answer holds: for addresses that match, `*` being anything."""

    pattern: str
    ttl: float


@dataclass(frozen=True, slots=True)
class Price:
    """What a million tokens of input cost: the digits, and the currency before or after them, all as it was written."""

    amount: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Model:
    """A window that texts are held against. Without an `encoding` of its own, its counts are not exact."""

    name: str
    window: int
    encoding: str
    exact: bool = True
    price: Price | None = None


MODELS: Final = (
    Model("gpt-4o", 128_000, "o200k_base"),
    Model("gpt-4-turbo", 128_000, "cl100k_base"),
    Model("other tokenizers", 200_000, "o200k_base", exact=False),
)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one request, and all of them together, may take."""

    body: int = 8 << 20
    task_body: int = 32 << 20
    at_work: int = 64
    waiting: int = 1_024
    in_flight: int = 64 << 20
    """Bytes of bodies."""
    queue: int = 10_000
    """Tasks that wait."""
    seconds: float = 30
    """For a reply."""
    body_seconds: float = 10


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """What holds for `loopflow serve` where the command line says nothing else."""

    host: str = "127.0.0.1"
    port: int = 8787
    database: str | None = None
    roots: tuple[str, ...] = ()
    deny: tuple[str, ...] = DENIED
    file_max: int = FILE_MOST
    memory_entries: int = ENTRIES
    workers: int = 5
    threads: int | None = None
    warn: Fraction = Fraction(9, 10)
    api: str = "public"
    api_private: tuple[str, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    apis: Mapping[str, NamedApi] = field(default_factory=dict)
    api_cache: tuple[ApiCache, ...] = ()
    models: tuple[Model, ...] = ()
    bounds: Bounds = field(default_factory=Bounds)


def read_settings(table: Table) -> ServiceSettings:
    """Return what the table says. Raises ConfigError."""
    values = dict(table.values)
    apis = values.pop("api", None) if isinstance(values.get("api"), dict) else None
    table.require_known(_KEYS)
    standard, bounds = ServiceSettings(), Bounds()
    number = _Numbers(table)
    return ServiceSettings(
        host=read_text(table, "host") if "host" in values else standard.host,
        port=number.read("port", 0, 65_535, standard.port),
        database=read_text(table, "database") if "database" in values else None,
        roots=read_names(table, "roots") if "roots" in values else (),
        deny=(*DENIED, *(read_patterns(table, "deny") if "deny" in values else ())),
        file_max=_read_bytes(table, "file_max") if "file_max" in values else standard.file_max,
        memory_entries=number.read("memory_entries", 1, 10_000_000, standard.memory_entries),
        workers=number.read("workers", 1, 64, standard.workers),
        threads=number.read("threads", 1, 256, 0) or None,
        warn=read_share(table, "warn") if "warn" in values else standard.warn,
        api=_read_policy(table) if "api" in values else standard.api,
        api_private=read_names(table, "api_private") if "api_private" in values else (),
        allowed_hosts=read_names(table, "allowed_hosts") if "allowed_hosts" in values else (),
        variables=_read_variables(table),
        apis=_read_apis(table) if apis else {},
        api_cache=tuple(_read_cache(each) for each in table.tables("api_cache")),
        models=tuple(_read_model(each) for each in table.tables("model")),
        bounds=Bounds(
            body=_read_bytes(table, "body_max") if "body_max" in values else bounds.body,
            task_body=_read_bytes(table, "task_body_max") if "task_body_max" in values else bounds.task_body,
            at_work=number.read("at_work", 1, 10_000, bounds.at_work),
            waiting=number.read("waiting", 0, 100_000, bounds.waiting),
            queue=number.read("queue", 0, 10_000_000, bounds.queue),
            seconds=_read_seconds(table, "timeout") if "timeout" in values else bounds.seconds,
        ),
    )


class _Numbers:
    def __init__(self, table: Table) -> None:
        self._table = table

    def read(self, key: str, least: int, most: int, standard: int) -> int:
        value = self._table.values.get(key, standard)
        if key in self._table.values and (
            not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most
        ):
            what = f"it is a whole number from {least} to {most:,}"
            raise self._table.error(key, what, f"write for example {key} = {max(least, standard)}")
        return int(value)


def _read_bytes(table: Table, key: str) -> int:
    value = table.values[key]
    found = _BYTES.fullmatch(value) if isinstance(value, str) else None
    size = int(found[1]) * _BYTE_UNITS[found[2]] if found else value
    if not isinstance(size, int) or isinstance(size, bool) or not 0 < size < _MOST:
        raise table.error(key, "it is a number of bytes", f'write for example {key} = "512MB"')
    return size


def _read_seconds(table: Table, key: str) -> float:
    value = table.values[key]
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if not found:
        raise table.error(key, "it is a time", f'write for example {key} = "10m"')
    return float(int(found[1]) * _TIME_UNITS[found[2]])


def _read_policy(table: Table) -> str:
    """Return which addresses may be asked. `[service.api.NAME]` in place of a policy is all that may stand beside."""
    value = table.values["api"]
    if isinstance(value, dict):
        return "public"
    if value not in {"public", "named", "off"}:
        raise table.error("api", "it is one of public, named, off", 'write api = "named", or [service.api.NAME]')
    return str(value)


def _read_variables(table: Table) -> Mapping[str, str]:
    variables = table.table("variables")
    for name, value in (variables.values if variables else {}).items():
        if not isinstance(value, str) and variables:
            raise variables.error(name, "a variable is a text", f'write {name} = "..."')
    return dict(variables.values) if variables else {}


def _read_apis(table: Table) -> Mapping[str, NamedApi]:
    apis = table.table("api")
    named = {}
    for name in apis.values if apis else ():
        each = apis.table(name) if apis else None
        if each is not None:
            named[name] = _read_api(each)
    return named


def _read_api(table: Table) -> NamedApi:
    table.require_known(("url", "method", "headers", "body", "vary"))
    if "url" not in table.values:
        raise table.error("", "it has no url", 'write url = "https://..."')
    url = read_text(table, "url")
    if not url.startswith(("http://", "https://")):
        raise table.error("url", "it is no address of HTTP", 'write url = "https://..."')
    method = read_text(table, "method") if "method" in table.values else "GET"
    if method not in _METHODS:
        raise table.error("method", f"it is one of {', '.join(_METHODS)}", 'write method = "GET"')
    headers = _read_headers(table)
    vary = read_names(table, "vary") if "vary" in table.values else tuple(headers)
    body = read_text(table, "body") if "body" in table.values else None
    return NamedApi(url, method, headers, body, vary)


def _read_headers(table: Table) -> Mapping[str, str]:
    headers = table.table("headers")
    for name, value in (headers.values if headers else {}).items():
        is_fine = isinstance(value, str) and value.isprintable() and value.isascii()
        if headers and not (_HEADER.fullmatch(name) and is_fine):
            raise headers.error(name, "that is no header", 'write headers = {Name = "value"}')
    return dict(headers.values) if headers else {}


def _read_cache(table: Table) -> ApiCache:
    table.require_known(("pattern", "ttl"))
    _require(table, ("pattern", "ttl"))
    return ApiCache(read_text(table, "pattern"), _read_seconds(table, "ttl"))


def _read_model(table: Table) -> Model:
    table.require_known(("name", "window", "encoding", "price"))
    _require(table, ("name", "window"))
    window = read_size(table, "window")
    if not window:
        raise table.error("window", "a window has tokens", "write window = 128_000")
    exact = "encoding" in table.values
    encoding = read_encoding(table, "encoding") if exact else "o200k_base"
    price = _read_price(table) if "price" in table.values else None
    return Model(read_text(table, "name"), window, encoding, exact, price)


def _read_price(table: Table) -> Price:
    """Return a number with its currency on one side: none is known here, and none is left out."""
    value = table.values["price"]
    found = _PRICE.fullmatch(value) if isinstance(value, str) and value.isprintable() else None
    if found is None or bool(found[1]) == bool(found[3]):
        what = "it is what a million tokens of input cost, with the currency"
        raise table.error("price", what, 'write for example price = "$2.50" or price = "2.50 EUR"')
    return Price(found[2], found[1], found[3])


def _require(table: Table, keys: Sequence[str]) -> None:
    for key in keys:
        if key not in table.values:
            raise table.error("", f"it has no {key}", f"write {key} = ...")


def require_trusted(table: Table | None, *, is_named: bool) -> None:
    """Refuse what a config that was merely found may not say: it could be anybody's. Raises ConfigError."""
    if table is None or is_named:
        return
    hint = "say it on the command line, or in a file that --config or LOOPFLOW_CONFIG names"
    for key in ("host", "allowed_hosts", "api_private", "database"):
        if key in table.values:
            raise table.error(key, "a config that lies in a repository may not say so", hint)
    for root in table.values.get("roots", ()):
        if isinstance(root, str) and (root.startswith(("/", "~")) or ".." in root.split("/")):
            raise table.error("roots", "a config that lies in a repository may name what is below it only", hint)
    if any(isinstance(each, str) and each.startswith("!") for each in table.values.get("deny", ())):
        raise table.error("deny", "a config that lies in a repository may not lift what is denied", hint)
    apis: Any = table.values.get("api")
    for name, api in apis.items() if isinstance(apis, dict) else ():
        headers = api.get("headers", {}) if isinstance(api, dict) else {}
        if isinstance(headers, dict) and any(str(value).startswith("env:") for value in headers.values()):
            raise table.error("api", f"{name}: a config that lies in a repository may name no secret", hint)
