"""What `loopflow function` prints, in each form."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from typing import Final

from loopflow.analysis.names import escape_name
from loopflow.charts.terminal import Terminal
from loopflow.cli.function_changes import Chosen
from loopflow.cli.function_run import Made, Run
from loopflow.cli.function_whole import WHOLE_PARTS, whole_contexts, write_whole
from loopflow.errors import ExitCode, LoopflowError
from loopflow.function.counting import write
from loopflow.function.fit import Fitted
from loopflow.function.model import CodeOptimizationContext, CodeStringsMarkdown, FunctionToOptimize
from loopflow.function.render import charts, text
from loopflow.function.render.github import Annotated, render_github
from loopflow.function.render.json import Answer, count_all, render_json
from loopflow.function.render.users import MOST_AFFECTED, write_affected, write_callers
from loopflow.function.working import Found, check_blocks, together

CONTEXTS: Final[Mapping[str, tuple[str, ...]]] = {
    "optimization": ("read_writable", "read_only"),
    "read-writable": ("read_writable",),
    "read-only": ("read_only",),
    "testgen": ("testgen",),
    "hashing": ("hashing",),
    "closure": ("closure",),
}
INSTEAD: Final = ("lists", "why", "unresolved", "profile")


class Drawn:
    """Draws what was made, in each form."""

    def __init__(self, run: Run, chosen: Chosen, made: Sequence[Made]) -> None:
        self._run = run
        self._chosen = chosen
        self._made = made
        self._contexts = [each for each in made if isinstance(each, CodeOptimizationContext)]
        self._notes = {target: change.kind.value for target, change in chosen.changes.items()}

    def draw(self, form: str, terminal: Terminal) -> Iterator[str]:
        """Yield the document in pieces."""
        given = self._run.given
        if form == "json":
            yield self._json()
        elif form == "html":
            yield from charts.render_html(self._contexts, self._run.encoding)
        elif form == "github":
            _ = self.code  # where it does not fit, nothing is told
            yield from render_github(self._annotations())
        elif any(given[name] for name in INSTEAD):
            yield self._add_users("".join(f"{line}\n" for line in self._instead(terminal)), [], None)
        else:
            yield self.code

    def _annotations(self) -> Annotated:
        run, chosen = self._run, self._chosen
        budget = run.budget if run.given["check"] else None
        unread = list(run.workshop.tree.unread.values())
        return Annotated(self._made, self._notes, budget, unread, chosen.callers, chosen.affected)

    def _instead(self, terminal: Terminal) -> Iterator[str]:
        """Return the lines that are printed instead of code."""
        given = self._run.given
        if given["profile"]:
            return charts.render_text(self._contexts, terminal, verbose=given["verbose"])
        if given["lists"]:
            return text.list_functions(self._made, hashes=given["verbose"], notes=self._notes)
        if given["why"]:
            return (line for each in self._contexts for line in text.tell_why(each, terminal))
        return text.tell_unresolved(self._contexts)

    @cached_property
    def code(self) -> str:
        """Return contexts as Markdown: of several functions together, what they share once, and who uses them."""
        is_whole, chosen = self._run.given["part"] in WHOLE_PARTS, self._chosen
        code = write_whole(self._run, [each.target for each in self._made]) if is_whole else self._contexts_as_code()
        if not (chosen.callers or chosen.affected):
            return code
        limit = self._run.limit if self._run.fits_all else None
        shown: list[FunctionToOptimize] = []
        is_added = bool(chosen.affected) and not is_whole
        if is_added and limit is not None and self._run.workshop.tally.count(code) <= limit:
            code, shown = self._add_affected(code, limit)
        return self._add_users(code, shown, limit)

    def _contexts_as_code(self) -> str:
        if self._run.given["separate"]:
            return self._separately()
        if len(self._contexts) == 1:
            [only] = self._contexts
            if self._is_whole(only):
                return self._write({name: getattr(only, name) for name in CONTEXTS[self._run.given["part"]]})
        workshop, run = self._run.workshop, self._run
        found = [workshop.find(each.target) for each in self._contexts]
        if not found:
            return ""
        fitted = self._fit(found, run.limit if run.fits_all else None)
        if not fitted.fits:
            what = f"{len(found):,} functions do not fit {run.limit:,} tokens together: they need {fitted.tokens:,}"
            largest = sorted(self._contexts, key=lambda each: -each.tokens.read_writable)[:3]
            names = (f"{escape_name(each.target.name)} {each.tokens.read_writable:,}" for each in largest)
            what += f"; the largest: {', '.join(names)}"
            raise LoopflowError(what, f"write --fit {fitted.tokens}, or name fewer", ExitCode.OVER_BUDGET)
        return self._write_fitted(fitted)

    def _separately(self) -> str:
        """Return each context by itself, one after the other. Raises LoopflowError where --fit has no room for all."""
        run, names = self._run, CONTEXTS[self._run.given["part"]]
        code = "\n".join(self._write({name: getattr(each, name) for name in names}) for each in self._contexts)
        tokens = run.workshop.tally.count(code)
        if run.fits_all and run.limit is not None and tokens > run.limit:
            what = f"{len(self._contexts):,} functions do not fit {run.limit:,} tokens one by one: they need {tokens:,}"
            raise LoopflowError(what, "leave out --separate, or name fewer", ExitCode.OVER_BUDGET)
        return code

    def _fit(self, found: Sequence[Found], limit: int | None) -> Fitted:
        workshop = self._run.workshop
        is_for_tests = self._run.given["part"] == "testgen"
        return workshop.fit_tests(found, limit) if is_for_tests else workshop.fit_all(found, limit)

    def _is_whole(self, context: CodeOptimizationContext) -> bool:
        """Whether a context was made and not only measured."""
        return bool(context.read_writable.code_strings)

    def _write_fitted(self, fitted: Fitted) -> str:
        blocks = {"read_writable": fitted.writable.markdown, "read_only": fitted.readable.markdown}
        blocks["testgen"] = together(blocks["read_writable"], blocks["read_only"])
        return self._write({name: blocks[name] for name in CONTEXTS[self._run.given["part"]]})

    def _add_affected(self, code: str, limit: int) -> tuple[str, list[FunctionToOptimize]]:
        """Return the code with as many of the affected functions as there is room for, the nearest first."""
        workshop = self._run.workshop
        base = [workshop.find(each.target) for each in self._contexts]
        near = [each.target for each in self._chosen.affected][:MOST_AFFECTED]
        best = code, list[FunctionToOptimize]()
        low, high = 0, len(near)
        while low < high:
            middle = (low + high + 1) // 2
            fitted = self._fit([*base, *map(workshop.find, near[:middle])], None)
            text = self._write_fitted(fitted)
            if workshop.tally.count(text) <= limit:
                low, best = middle, (text, near[:middle])
            else:
                high = middle - 1
        return best

    def _add_users(self, code: str, shown: list[FunctionToOptimize], limit: int | None) -> str:
        """Return the code with the lists of users behind it, as much of each as there is room for."""
        chosen = self._chosen
        makers: list[tuple[Callable[[int], str], int]] = [
            (partial(write_callers, chosen.callers), len(chosen.callers)),
            (partial(write_affected, chosen.affected, shown), len(chosen.affected)),
        ]
        for make, number in makers:
            low, high = (number, number) if limit is None else (0, number)
            while low < high:
                middle = (low + high + 1) // 2
                if self._run.workshop.tally.count(_append(code, make(middle))) <= (limit or 0):
                    low = middle
                else:
                    high = middle - 1
            code = _append(code, make(low))
        return code

    def _write(self, blocks: Mapping[str, CodeStringsMarkdown]) -> str:
        check_blocks(blocks.values())
        if set(blocks) == {"read_writable", "read_only"}:
            return write(blocks["read_writable"], blocks["read_only"])
        [only] = blocks.values()
        return only.markdown

    def _json(self) -> str:
        run, workshop, chosen = self._run, self._run.workshop, self._chosen
        check_blocks(
            getattr(each, name) for each in self._contexts for name in ("read_writable", "read_only", "testgen")
        )
        counts = {source: workshop.tally.count(source) for source in count_all(self._made)}
        parts = () if any(run.given[name] for name in INSTEAD) else CONTEXTS[run.given["part"]]
        tokens = sum(each.tokens.printed for each in self._contexts)
        tree = workshop.tree
        skipped = [tree.unread[path] for path in sorted(tree.unread)]
        callers = [each._asdict() for each in chosen.callers]
        affected = [(each.target, each.distance) for each in chosen.affected]
        changes = {target: (change.kind.value, change.was) for target, change in chosen.changes.items()}
        made = [*self._made, *chosen.unshown]
        whole = whole_contexts(run, self._contexts) if run.given["part"] in WHOLE_PARTS and parts else {}
        return render_json(
            Answer(made, run.encoding, tree.source, skipped, tokens, parts, counts, changes, affected, callers, whole)
        )


def _append(code: str, section: str) -> str:
    return f"{code}\n{section}" if code and section else code or section
