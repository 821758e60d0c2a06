"""Lines on their way through envelopes."""

from hypothesis import given
from hypothesis import strategies as st

from loopflow.logs.envelopes.batch import Batch, Line, rebuilt, spliced
from loopflow.logs.model import Priority

_WORDS = st.sampled_from(["", "a", "b"])
_LEVELS = st.sampled_from([None, Priority.HIGH, Priority.VERBOSE])


def _make_batch(count: int, data: st.DataObject) -> Batch:
    lines = [b"%d" % at for at in range(count)]
    words = st.one_of(st.none(), st.lists(_WORDS, min_size=count, max_size=count))
    batch = Batch(b"".join(line + b"\n" for line in lines), count, streams=data.draw(words), stamps=data.draw(words))
    batch.origins = data.draw(st.sampled_from([None, [7 + at for at in range(count)]]))
    places = st.integers(0, count - 1)
    batch.levels = data.draw(st.dictionaries(places, st.just(Priority.MEDIUM), max_size=2))
    batch.components = data.draw(st.dictionaries(places, _WORDS, max_size=2))
    batch.steps = data.draw(st.dictionaries(places, _WORDS, max_size=2))
    return batch


@given(count=st.integers(1, 6), data=st.data())
def test_lines_that_are_put_in_place_of_others_are_as_if_all_were_made_anew(count: int, data: st.DataObject) -> None:
    batch = _make_batch(count, data)
    lines = batch.text.split(b"\n")[:-1]
    chosen = sorted(data.draw(st.sets(st.integers(0, count - 1))))
    line = st.builds(Line, _WORDS, st.just(0), _WORDS, _WORDS, _LEVELS, _WORDS)
    made = {
        at: [each._replace(origin=at) for each in data.draw(st.lists(line, min_size=1, max_size=3))] for at in chosen
    }
    anew = rebuilt(batch, [new for at, old in enumerate(lines) for new in made.get(at, [Line(old, at)])])
    assert spliced(batch, lines, list(made.items())) == anew
