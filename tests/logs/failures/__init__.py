"""What tools print when something fails: short logs, each with two failures in a row, and what is to be found in them.

Each is cut out of a real log of its tool; names and messages are our own.
"""

from itertools import chain

from tests.logs.failures import go_and_rust, javascript, jvm, native, other_languages, python, systems

_FAMILIES = (python, javascript, jvm, go_and_rust, native, other_languages, systems)
FAILURES = {each.name: (each.text, each.expected) for each in chain.from_iterable(file.CASES for file in _FAMILIES)}
