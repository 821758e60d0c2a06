"""All that a function reaches, as files that can be imported: the closure.

Names are followed to the end, by scopes and by what references resolve to. Of a class of which there may be objects,
there are fields, what Python calls, methods that are reached or stand for one that is, and those by whose name an
unknown object is asked. What a module does by calls when it is imported stays, what decorators and metaclasses
are told of, and imports that are there only to be made.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from loopflow.function.closing import Closing, Note
from loopflow.function.contexts import Builder
from loopflow.function.graph import Graph
from loopflow.function.model import CodeString, CodeStringsMarkdown
from loopflow.function.resolve.project import Project


@dataclass(frozen=True, slots=True)
class Closure:
    """Files by path, statements that are left out, and what is loaded by a name that is computed."""

    files: Mapping[str, str]
    dropped: tuple[Note, ...]
    dynamic: tuple[Note, ...]

    @property
    def blocks(self) -> CodeStringsMarkdown:
        """The files that are not empty."""
        return CodeStringsMarkdown(tuple(CodeString(code, path) for path, code in self.files.items() if code.strip()))


def close(targets: Iterable[tuple[str, str]], project: Project, builder: Builder, graph: Graph) -> Closure:
    """Return the closure of functions, by path and qualified name; "" for a module."""
    closing = Closing(project, builder, graph)
    for path, qualname in targets:
        closing.begin(path, qualname)
    closing.work()
    files, dropped, dynamic = closing.finish()
    return Closure(files, tuple(dropped), tuple(dynamic))
