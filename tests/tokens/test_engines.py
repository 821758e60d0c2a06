"""Counting tokens: three engines, two encodings, the same numbers, and never the network."""

import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import cast

import pytest
import tiktoken.load
import tiktoken_ext.openai_public
from hypothesis import given
from hypothesis import strategies as st

from loopflow.errors import UncountableError, UsageError, VocabularyError
from loopflow.tokens.choice import ENGINES, choose_engines, create_counter
from loopflow.tokens.encodings import DEFAULT_ENCODING, PATTERNS, VOCABULARY_DIGESTS
from loopflow.tokens.protocol import TokenCounter
from loopflow.tokens.with_tiktoken import Tiktoken
from tests.support.oracle import count_text

ENCODINGS = tuple(VOCABULARY_DIGESTS)
ALL = (*ENGINES, None)
"""Each engine by itself, and the choice by amount."""


@cache
def load_counter(encoding: str, engine: str | None) -> TokenCounter:
    """Load each encoding once for all tests: it takes a fraction of a second."""
    return create_counter(encoding, engine)


NASTY = {
    "unassigned": "\u088f's \u0378x \U000323b0\ufffdt",
    "long piece": "z" * 60_001,
    "many different pieces": " ".join(f"{number * 7919:x}q{number:b}" for number in range(20_000)),
    "nothing": "",
    "special tokens": "<|endoftext|><|fim_prefix|> <|endofprompt|>\n<|im_start|>system<|im_end|>",
    "contractions": "I'm you'RE they'Ll 's 'S '\u017f don\u2019t",
    "indented code": "def f(x):\n    if x:\n\treturn  x   # done \n\n\n",
    "line ends": "one\r\ntwo\rthree\n\r\n\r \n \r\n",
    "numbers": "1234567890 1,234.5e-6 \u0663\u0664 \u2167 \u00bd",
    "capitals": "HTTPServer fooBAR aB Ab \u01c5\u01c8 \u00c0\u00c9",
    "emoji": "\U0001f600\U0001f468\u200d\U0001f469\u200d\U0001f467\U0001f3fd\u2764\ufe0f\U0001f1e9\U0001f1ea",
    "combining": "e\u0301\u0323 \u0915\u094d\u0937 \u0e17\u0e35\u0e48 \u1112\u1161\u11ab",
    "han and kana": "\u6f22\u5b57\u304b\u306a\u30ab\u30ca\uff21\uff22",
    "right to left": "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 \u202eabc\u202c",
    "white space of all kinds": "\t\v\f\x85\xa0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000 \x1c\x1d\x1e\x1f",
    "control": "".join(map(chr, range(32))) + "\x7f\x80\x9f",
    "invisible": "\ufeff\u200b\u200c\u2060\u00ad",
    "replacement": "\ufffd\ufffd\ufffd",
    "ends of planes": "\uffff\ufffe\U0001fffe\U0010ffff\ue000\U000e0041",
    "punctuation": "!!!???...///***###---___===~~~```\\\\\\\n///\n",
    "minified": "function(a,b){return a<b?-1:a>b?1:0};" * 200,
    "base64": "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo" * 300,
    "many lines": "x = 1\n" * 5_000,
    "long line of letters": "acgt" * 25_000,
    "long line of words": "word " * 20_000,
    **{
        f"{length:,} of {name}": char * length
        for name, char, length in (
            ("a", "a", 200_000),
            ("A", "A", 50_000),
            ("aA", "aA", 50_000),
            ("one", "1", 50_000),
            ("blank", " ", 200_000),
            ("tab", "\t", 50_000),
            ("line feed", "\n", 200_000),
            ("line end", "\r\n", 50_000),
            ("blank and line feed", " \n", 50_000),
            ("wide blank", "\u3000", 50_000),
            ("NUL", "\0", 50_000),
            ("mark", "!", 50_000),
            ("slash", "/", 200_000),
            ("accent", "\u0301", 200_000),
            ("han", "\u4e2d", 50_000),
            ("emoji", "\U0001f600", 50_000),
        )
    },
}


@pytest.mark.parametrize("name", NASTY)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_engines_count_nasty_texts_alike(encoding: str, name: str) -> None:
    """Every engine, and the choice between them, count every text as tiktoken's own encoding does."""
    text = NASTY[name]
    expected = count_text(text, encoding)
    assert [load_counter(encoding, engine).count([text]) for engine in ALL] == [[expected]] * len(ALL)


TEXTS = st.lists(
    st.one_of(
        st.text(),
        st.text(alphabet=" \n\r\t\xa0'sSaA1!/\u0301", max_size=60),
        st.sampled_from(["<|endoftext|>", "'re", "\r\n", "    ", "://", "\U0001f600", "\u200d", "def ", "HTTPServer"]),
    ),
    max_size=8,
).map("".join)


@given(st.lists(TEXTS, max_size=5))
def test_engines_count_random_texts_alike(texts: list[str]) -> None:
    """Whatever the texts, every engine counts each of them as tiktoken's own encoding does, in order."""
    for encoding in ENCODINGS:
        expected = [count_text(text, encoding) for text in texts]
        assert [load_counter(encoding, engine).count(texts) for engine in ALL] == [expected] * len(ALL)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_counter_names_itself(encoding: str, engine: str) -> None:
    """A counter knows its encoding and its engine."""
    counter = load_counter(encoding, engine)
    assert (counter.encoding, counter.engine) == (encoding, engine)
    assert counter.count([]) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("hello world", 2, id="words"),
        pytest.param("<|endoftext|>", 7, id="a special token's name is ordinary text"),
        pytest.param(" " * 1_000_000, 7813, id="a million blanks"),
    ],
)
def test_counts_that_are_known(text: str, expected: int) -> None:
    """Some numbers that do not come from the engine that is asked."""
    assert load_counter("o200k_base", "toktok").count([text]) == [expected]


BLANKS = """
import sys
from loopflow.errors import UncountableError
from loopflow.tokens.choice import create_counter
counter = create_counter("o200k_base", "tiktoken")
for text in (" " * 1_000_000, " " * 999_998, " " * 999_999, "x" + " " * 1_000_000 + "\\r", " \\t" * 500_000 + "x"):
    try:
        print(*counter.count([text]))
    except UncountableError as error:
        print(error)
"""


def run_python(code: str, *, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `code` in a process of its own."""
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )


def test_tiktoken_gives_up_without_a_word(tmp_path: Path) -> None:
    """A run of blanks that tiktoken would panic at is refused beforehand, so that it prints no stack trace."""
    refused = "more than 999,998 blanks in a row, which tiktoken cannot count"
    done = run_python(BLANKS, cwd=tmp_path)
    assert done.stdout.splitlines() == [refused, "7813", refused, "7815", refused]
    assert (done.stderr, done.returncode) == ("", 0)


PANIC = """
from loopflow.errors import UncountableError
from loopflow.tokens import choice, with_tiktoken
with_tiktoken.LONGEST_BLANK_RUN = 10**9
try:
    choice.create_counter("o200k_base", "tiktoken").count([" " * 1_000_000])
except UncountableError as error:
    print(error)
"""


def test_a_panic_is_an_error_of_one_text(tmp_path: Path) -> None:
    """Should tiktoken panic at another text, that text is uncountable and the process goes on."""
    done = run_python(PANIC, cwd=tmp_path)
    assert (done.stdout, done.returncode) == ("tiktoken cannot count it\n", 0)
    assert "panicked" in done.stderr


def test_what_is_no_panic_is_a_bug() -> None:
    """An error that is not the engine giving up is not taken for an uncountable text."""
    with pytest.raises(TypeError):
        load_counter("o200k_base", "tiktoken").count([cast("str", b"bytes")])


@pytest.mark.parametrize("engine", [None, *ENGINES])
def test_an_unknown_encoding_is_refused(engine: str | None) -> None:
    """An encoding that is not there is named, and so are those that are."""
    with pytest.raises(UsageError, match=r"^unknown encoding: 'gpt2'$") as caught:
        create_counter("gpt2", engine)
    assert caught.value.hint == "known are o200k_base, cl100k_base"


def test_the_faster_engine_is_used_when_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a choice it is the table, and for more text toktok if it is installed, and tiktoken if not."""
    assert choose_engines() == ("table", "toktok")
    assert create_counter().engine == "table and toktok"
    monkeypatch.setitem(sys.modules, "toktok", None)
    assert choose_engines() == ("table", "tiktoken")
    assert create_counter().engine == "table and tiktoken"
    assert create_counter().encoding == DEFAULT_ENCODING == "o200k_base"


@pytest.mark.parametrize("engine", ENGINES)
def test_an_engine_can_be_chosen(engine: str) -> None:
    """A choice holds whatever else is installed."""
    assert choose_engines(engine) == (engine,)
    assert create_counter(engine=engine).engine == engine


def test_an_engine_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unknown engine is named with those that there are; a missing one with what installs it."""
    with pytest.raises(UsageError, match=r"^there is no engine 'gpt'$") as unknown:
        choose_engines("gpt")
    assert unknown.value.hint == "LOOPFLOW_ENGINE is one of table, toktok, tiktoken"
    monkeypatch.setitem(sys.modules, "toktok", None)
    with pytest.raises(UsageError, match=r"^the engine toktok is not installed$") as missing:
        create_counter(engine="toktok")
    assert "loopflow-code-context[fast]" in missing.value.hint


def test_nothing_is_loaded_before_the_first_text(tmp_path: Path) -> None:
    """Making a counter, and asking for its id, imports no engine and reads no vocabulary and no table."""
    code = (
        "import sys\nfrom loopflow.tokens.choice import create_counter\n"
        "for engine in (None, 'table', 'toktok', 'tiktoken'): create_counter('cl100k_base', engine).id\n"
        "heavy = {'tiktoken', 'toktok', 'regex', 'importlib.metadata', 'loopflow.tokens.with_table', 'lzma'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    assert run_python(code, cwd=tmp_path).stdout == "[]\n"


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_patterns_are_tiktokens(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    """What splits a text in the source is what tiktoken's own definition of the encoding says."""
    monkeypatch.setattr(tiktoken_ext.openai_public, "load_tiktoken_bpe", lambda *_, **__: {})
    assert tiktoken_ext.openai_public.ENCODING_CONSTRUCTORS[encoding]()["pat_str"] == PATTERNS[encoding]


def test_all_engines_share_one_id() -> None:
    """What a count is kept under says nothing of who counted."""
    assert len({create_counter(engine=engine).id for engine in ALL}) == 1


def test_tiktoken_itself_is_left_as_it_is() -> None:
    """After an encoding was built from our vocabulary, tiktoken still has its own loader."""
    load_counter("cl100k_base", "tiktoken").count(["x"])
    assert tiktoken_ext.openai_public.load_tiktoken_bpe is tiktoken.load.load_tiktoken_bpe


@pytest.mark.parametrize("name", ["cl100k_base", "p50k_base"])
def test_the_digest_decides(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A vocabulary that is whole but not the expected one is refused, and so is one that was never packaged."""
    monkeypatch.setitem(VOCABULARY_DIGESTS, name, "0" * 64)
    with pytest.raises(VocabularyError, match="0" * 64):
        Tiktoken(name).count(["x"])


def test_an_uncountable_text_is_told_for_all_texts() -> None:
    """A batch with one uncountable text raises; which one it was is for the caller to find out."""
    with pytest.raises(UncountableError):
        load_counter("o200k_base", "tiktoken").count(["fine", " " * 1_000_000])
