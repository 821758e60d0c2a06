"""What `import loopflow` gives beside the use cases: a context as a text."""

from loopflow.analysis.names import escape_name
from loopflow.errors import LoopflowError
from loopflow.io.surroundings import Root
from loopflow.model import Asked, ConfigRequest, CountRequest, FitRequest, as_request
from loopflow.render.context import RawLayout, XmlLayout
from loopflow.usecases.pipeline import Output, write_context


def context(  # noqa: PLR0913  a request for each step of the way
    request: Asked = None,
    counting: CountRequest | None = None,
    configuring: ConfigRequest | None = None,
    fitting: FitRequest | None = None,
    *,
    raw: bool = False,
    root: Root = None,
) -> str:
    """Return the files of a request as one text, as `code-context` prints them; with `raw`, as `--raw` does.

    With `fitting`, it has at most that many tokens. A byte that is not UTF-8 is replaced, as in what is printed.

    >>> print(context("src/app.py"), end="")
    <documents>
    <document index="1">
    <source>src/app.py</source>
    <document_content>
    def main():
        return 'hello'
    </document_content>
    </document>
    </documents>

    Raises LoopflowError where something that is named is not there, a file of it cannot be read, or what must stay does
    not fit: a text cannot say what it lacks.
    """
    pieces: list[str] = []
    output = Output(RawLayout() if raw else XmlLayout(), pieces.append)
    found = write_context(as_request(request), counting or CountRequest(), output, configuring, fitting, root=root)
    if found.gaps:
        gap = found.gaps[0]
        more = f" and {len(found.gaps) - 1:,} more" if len(found.gaps) > 1 else ""
        what = f"{escape_name(gap.path)} ({escape_name(gap.why)}){more} could not be read"
        raise LoopflowError(what, "make it readable, or exclude it")
    if found.plan and not found.plan.fits:
        what = f"what must stay does not fit {found.plan.window:,} tokens"
        raise LoopflowError(what, "name fewer patterns to keep, or a larger window")
    return "".join(pieces)
