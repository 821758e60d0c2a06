"""All tables together. Families come before what is generic: the first that a line begins is the one."""

from typing import Final

from loopflow.logs.recognisers import ci, generic, go, javascript, jvm, native, python, rust, servers, words

WORDS: Final = (*words.ANCHORS, *words.WORDS)

RECOGNISERS: Final = (
    *python.RECOGNISERS,
    *javascript.RECOGNISERS,
    *go.RECOGNISERS,
    *rust.RECOGNISERS,
    *jvm.RECOGNISERS,
    *native.RECOGNISERS,
    *ci.RECOGNISERS,
    *servers.RECOGNISERS,
    *generic.RECOGNISERS,
)
