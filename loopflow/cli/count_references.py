"""`loopflow count` of texts with what they refer to. Nothing is kept beyond the run: no database is opened."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

from loopflow.analysis.names import escape_name
from loopflow.cli.count_actions import FAILURES, Counted, Held, Input, Job, as_text, explain, hold
from loopflow.config.sections import read_section
from loopflow.console.console import DISTRIBUTION
from loopflow.console.directories import cache_directory
from loopflow.errors import UsageError
from loopflow.service.counting import Engine, TokenCountingService
from loopflow.service.errors import ForbiddenReference, ServiceError
from loopflow.service.handlers import FileHandler, VariableHandler
from loopflow.service.model import Answer, Content, Failed, Kind, Resolved
from loopflow.service.parsing import parse_reference
from loopflow.service.places import FileRules
from loopflow.service.references import Asked, Handler, ReferenceHandlers, tokens_of
from loopflow.service.settings import ServiceSettings, require_trusted
from loopflow.service.variables import Variables

if TYPE_CHECKING:
    from loopflow.service.api import ApiHandler


class Resolution(NamedTuple):
    """A reference, and what became of it."""

    shown: str
    tokens: int = 0
    bytes: int = 0
    lossy: bool = False
    code: str = ""
    error: str = ""
    hint: str = ""


def count_with_references(job: Job, inputs: Sequence[Input]) -> list[Counted]:
    """Count each input, and what it refers to."""
    if job.given["ids"]:
        raise UsageError("--ids is about one text, and references are counted apart", "leave out --ids or --resolve")
    environ = job.console.environ
    is_named = bool(job.given["config"] or environ.get("LOOPFLOW_CONFIG"))
    require_trusted(job.config.sections.get("service"), is_named=is_named)
    settings: ServiceSettings = read_section(job.config.sections, "service")
    return asyncio.run(_count(job, inputs, settings))


async def _count(job: Job, inputs: Sequence[Input], settings: ServiceSettings) -> list[Counted]:
    environ = job.console.environ
    engine = Engine(environ.get("LOOPFLOW_ENGINE") or None, cache_directory(environ, job.here))
    counting = TokenCountingService(encoding=job.config.encoding, engine=engine)
    roots = job.given["root"] or settings.roots or (".",)
    rules = FileRules(tuple(_root(job.here, root) for root in roots), settings.deny, settings.file_max, environ)
    api = _Api(counting, settings, environ)
    handlers: dict[Kind, Handler] = {
        "file": FileHandler(counting, rules),
        "var": VariableHandler(counting, Variables(settings.variables)),
        "api": api,
    }
    references = ReferenceHandlers(counting, handlers)
    asked = Asked((job.config.encoding,), _variables(job.given["var"]))
    try:
        return [await _count_one(references, asked, each, resolves=job.given["resolve"]) for each in inputs]
    finally:
        await api.close()
        counting.close()


async def _count_one(references: ReferenceHandlers, asked: Asked, each: Input, *, resolves: bool) -> Counted:
    try:
        if each.reference:
            parts = await references.resolve([parse_reference(as_text(each.reference))], asked)
            held = Held("", sum(part.content.bytes for part in parts if isinstance(part, Resolved)), lossy=False)
            answer = Answer(asked.encodings[0], 0, tokens_of(parts, asked.encodings[0]), tuple(parts))
        else:
            held = hold(each)
            [answer] = await (references.answer(held.text, asked) if resolves else references.plain(held.text, asked))
    except ServiceError as error:
        return Counted(each.name, error=error.message)
    except FAILURES as error:
        return Counted(each.name, error=explain(each, error))
    shown = tuple(_show(part, answer.encoding) for part in answer.parts)
    return Counted(each.name, answer.total, answer.references, held.bytes, held.lossy, parts=shown)


def _show(part: Resolved | Failed, encoding: str) -> Resolution:
    shown = escape_name(part.reference.marker)
    if isinstance(part, Failed):
        return Resolution(shown, code=part.code, error=part.message, hint=part.hint)
    content = part.content
    return Resolution(shown, content.tokens[encoding], content.bytes, content.lossy)


def _root(here: str, root: str) -> str:
    path = os.path.realpath(os.path.join(here, root))
    if not os.path.isdir(path):
        raise UsageError(f"there is no directory {escape_name(root)}", "name one that is there with --root")
    return path


def _variables(given: Sequence[str]) -> Mapping[str, str]:
    variables = {}
    for each in given:
        name, sign, value = as_text(each).partition("=")
        if not (sign and name):
            raise UsageError(f"--var {escape_name(each)} has no name and value", "write --var NAME=VALUE")
        variables[name] = value
    return variables


class _Api:
    """Asks APIs. What that takes is imported once a text refers to one; without the extra, nobody is asked."""

    def __init__(self, counting: TokenCountingService, settings: ServiceSettings, environ: Mapping[str, str]) -> None:
        self._given = counting, settings, environ
        self._handler: ApiHandler | None = None

    async def resolve(self, targets: Sequence[str], asked: Asked) -> list[Content | ServiceError]:
        """Return what each answers, or why it is not asked."""
        if any(find_spec(module) is None for module in ("httpcore2", "tenacity", "anyio")):
            what = "references to APIs need more than what is installed"
            return [ForbiddenReference(what, f"pip install '{DISTRIBUTION}[service]'") for _ in targets]
        if self._handler is None:
            self._handler = self._make()
        return await self._handler.resolve(targets, asked)

    async def close(self) -> None:
        """Close connections."""
        if self._handler is not None:
            await self._handler.close()

    def _make(self) -> "ApiHandler":
        from loopflow.service.api import ApiHandler  # noqa: PLC0415
        from loopflow.service.fetching import Fetcher  # noqa: PLC0415
        from loopflow.service.guard import Guard, read_allowed  # noqa: PLC0415

        counting, settings, environ = self._given
        return ApiHandler(counting, Fetcher(Guard(read_allowed(settings.api_private))), settings, environ)
