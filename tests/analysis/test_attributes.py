"""What git has said of paths, as it is asked for."""

from loopflow.analysis.attributes import Attributes


def test_what_is_said_of_a_path() -> None:
    """Each path has what was said of it; nothing was said of most, nor of a directory by its files."""
    attributes = Attributes({"d/a.c": {"linguist-generated": False}, "e/": {"export-ignore": True}})
    assert attributes.find("d/a.c") == {"linguist-generated": False}
    assert attributes.find("e/") == {"export-ignore": True}
    assert [attributes.find(path) for path in ("a.c", "d/", "e", "")] == [{}] * 4


def test_whether_anything_is_said() -> None:
    """Where nothing is said of any path, there is nothing to ask."""
    assert not Attributes()
    assert Attributes({"a.c": {"linguist-generated": True}})
