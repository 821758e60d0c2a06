"""Write windows.md: the table of models' windows, as the command has it.

Usage: python docs/reference/make_windows.py
"""

from pathlib import Path

from loopflow.analysis.windows import DATE, WINDOWS

HERE = Path(__file__).parent
LIMITS = {"all": "what goes in and comes out", "input": "what goes in"}
PAGE = """\
# Models' windows

`--window NAME` and `--fit NAME` take these names for a number of tokens. The sources were read on {date}; makers change
their models, and nothing is looked up while the command runs. This page is made from the command's own table by
`docs/reference/make_windows.py`. A model that is not here: write its number, as in `--window 200k`.

The tokens of a window are those of the model's own tokenizer. What is counted here is `o200k_base`, or what
`--encoding` names, and another model counts the same code differently, mostly higher: so a quarter of a window is kept
free unless `--reserve` says otherwise. [Other models' windows](../how-to/other-models.md) says how to choose.

| name | tokens | of | maker | source |
|---|---:|---|---|---|
{rows}
"""


def render() -> str:
    """Return the page."""
    rows = [
        f"| `{row.name}` | {row.tokens:,} | {LIMITS[row.limits]} | {row.maker} | <{row.source}> |" for row in WINDOWS
    ]
    return PAGE.format(date=DATE, rows="\n".join(rows))


if __name__ == "__main__":
    (HERE / "windows.md").write_text(render(), "utf-8")
