"""A memory: a server where there is one that works, and files of ours where there is none.

What is to be remembered is written down first and then handed to the server, together with all that waits. So it does
not matter where anybody is killed: what waits is handed over again, and what is there already changes nothing.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from types import TracebackType
from typing import NamedTuple, Self, TypeVar

from loopflow.errors import LoopflowError
from loopflow.memory.checking import read_lines
from loopflow.memory.client import Server
from loopflow.memory.entities import read_run
from loopflow.memory.fallback import Waiting
from loopflow.memory.files import locked, make_directory, read_file, require_regular
from loopflow.memory.graph import LocalGraph, read_graph
from loopflow.memory.model import MemoryFileError, MemoryServerError, Run, Tools
from loopflow.memory.place import COMMAND, URL, MemoryPlace
from loopflow.memory.storing import store

_T = TypeVar("_T")


class Stored(NamedTuple):
    """What became of runs: how many a server took, how many wait, and why if they do."""

    handed_over: int
    waiting: int
    problem: LoopflowError | None = None


class Memory:
    """The memory of a place, with a server for as long as the context lasts. Nothing is started before `begin`."""

    def __init__(self, place: MemoryPlace, environ: Mapping[str, str]) -> None:
        self.place = place
        self._environ = environ
        self._server: Server | None = None
        self._problem: LoopflowError | None = None
        self.waiting = Waiting(place.directory)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._end()

    def begin(self) -> None:
        """Let the server start; nobody waits for it. Whatever is wrong is said by what needs it."""
        try:
            self._start()
        except LoopflowError as error:
            self._problem = error

    def store(self, run: Run) -> Stored:
        """Remember a run. Raises MemoryFileError where it can be written nowhere."""
        with self._locked_room():
            self.waiting.add(run)
            stored = self._hand_over()
            if stored.waiting:
                with suppress(MemoryFileError):  # the run waits whether or not it is drawn
                    self.waiting.draw([run])
            return stored

    def reconnect(self) -> Stored:
        """Hand over all that waits. Raises MemoryFileError."""
        with self._locked_room():
            return self._hand_over()

    def look(self, work: Callable[[Tools], _T]) -> tuple[_T, LoopflowError | None]:
        """Return what `work` finds in the server's graph; where there is none that works in files, and why.

        The server is handed what waits first, so that it knows all.
        """
        try:
            problem = self.reconnect().problem if self.waiting.runs() else None
            if problem is None:
                return self._ask(work), None
        except (MemoryServerError, MemoryFileError) as error:
            problem = error
        graph, unread = self._read_files()
        return work(graph), unread or problem

    def change(self, work: Callable[[Tools], _T]) -> _T:
        """Do something to the server's graph, alone; what waits is handed over first. Raises LoopflowError."""
        with self._locked_room():
            stored = self._hand_over()
            if stored.problem:
                raise stored.problem
            with self._locked_file():
                return self._ask(work)

    def drop_waiting(self, before: datetime) -> int:
        """Forget runs that wait, from before a moment, and return how many there were. Raises MemoryFileError."""
        with self._locked_room():
            old = [run.id for run in self.waiting.runs() if run.at < before]
            self.waiting.acknowledge(old)
        return len(old)

    def say_who(self) -> str:
        """Return what the server calls itself, once it answered. Raises LoopflowError."""
        return self._ask(lambda server: server.wait())

    def _hand_over(self) -> Stored:
        if not any(self.place.peer):
            return Stored(0, self.waiting.count(), _name_no_server())
        runs, done = self.waiting.runs(), list[str]()

        def work(server: Server) -> None:
            server.wait()
            for run in runs:
                if run.id not in done:
                    store(server, run)
                    done.append(run.id)

        problem: LoopflowError | None = None
        try:
            with self._locked_file():
                self._ask(work)
        except LoopflowError as error:
            problem = error
        finally:
            self.waiting.acknowledge(done)
        return Stored(len(done), len(runs) - len(done), problem)

    def _ask(self, work: Callable[[Server], _T]) -> _T:
        """Let `work` use the server; where that breaks in a way that a new start may help, once more with a new one."""
        try:
            return work(self._start())
        except MemoryServerError as error:
            self._end()
            if not error.again:
                raise
        return work(self._start())

    def _start(self) -> Server:
        if self._problem is not None:
            raise self._problem
        if self._server is None:
            place = self.place
            if not any(place.peer):
                raise _name_no_server()
            make_directory(place.server_directory)
            make_directory(os.path.dirname(place.file))
            require_regular(place.file)
            self._server = Server(place, self._environ)
        return self._server

    def _end(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    @contextmanager
    def _locked_room(self) -> Iterator[None]:
        make_directory(self.place.directory)
        with locked(os.path.join(self.place.directory, "waiting"), self._patience):
            yield

    @contextmanager
    def _locked_file(self) -> Iterator[None]:
        if not any(self.place.peer):
            yield
            return
        make_directory(os.path.dirname(self.place.file))
        with locked(self.place.file, self._patience):
            yield

    @property
    def _patience(self) -> float:
        return 2 * self.place.timeout

    def _read_files(self) -> tuple[LocalGraph, MemoryFileError | None]:
        """Return what the server would know: its file as it is there, and all that waits. Bad lines tell nothing.

        A file that cannot be read is as good as none, and the error says why.
        """
        data, unread = b"", None
        try:
            data = read_file(self.place.file)
        except MemoryFileError as error:
            unread = error
        runs = self.waiting.runs()
        if not data and _list_ids(drawn := self.waiting.drawn()) == {run.id for run in runs}:
            return drawn, unread  # whoever never has a server has many
        graph = LocalGraph(read_graph(item for line in read_lines(data) for item in line.items))
        for run in runs:
            store(graph, run)
        return graph, unread


def _list_ids(graph: LocalGraph) -> set[str]:
    return {past.id for past in map(read_run, graph.export().entities) if past}


def _name_no_server() -> MemoryServerError:
    return MemoryServerError("no memory server is named", f"set {COMMAND} or {URL}, or use --command or --url")
