"""Lines on their way through envelopes."""

from hypothesis import given
from hypothesis import strategies as st

from loopflow.logs.envelopes.batch import Batch, Line, Record, rebuilt, spliced
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
    lines = [line.decode() for line in batch.text.split(b"\n")[:-1]]
    chosen = sorted(data.draw(st.sets(st.integers(0, count - 1))))
    record = st.builds(Record, st.lists(_WORDS, min_size=1, max_size=3), _LEVELS, _WORDS, _WORDS, _WORDS)
    made = {at: data.draw(record) for at in chosen}
    anew = rebuilt(batch, [new for at, old in enumerate(lines) for new in _lines(made.get(at), Line(old, at))])
    text = "".join(f"{text}\n" for at, old in enumerate(lines) for text in (made[at].lines if at in made else [old]))
    result = spliced(batch, text.encode(), list(made.items()))
    result.origins = result.origins or list(range(count))
    assert result == anew


def _lines(record: Record | None, old: Line) -> list[Line]:
    if record is None:
        return [old]
    below = record.level if record.level is Priority.VERBOSE else None
    return [
        Line(text, old.origin, record.stream, record.stamp, below if at else record.level, record.component)
        for at, text in enumerate(record.lines)
    ]
