"""Presets: settings that go together under a name. What is said beside one goes before what it says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from loopflow.logs.model import USUAL, Shape, Spending

BALANCED: Final = "balanced"


@dataclass(frozen=True, slots=True)
class Preset:
    """What a preset says. `settings` are keys of `[logs]`, `shares` numbers of the profile."""

    name: str
    about: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    shares: tuple[tuple[str, float], ...] = ()
    spending: Spending = USUAL
    checks: bool = False
    """Whether the run fails where something critical is left out."""
    form: str = ""
    """In which form it prints, if none is asked for."""
    form_in_actions: str = ""
    """The same, in a job of GitHub Actions."""
    tracks_usage: bool = False
    stores_memory: bool = False


_ALL: Final = (
    Preset(BALANCED, "The profile as detected."),
    Preset(
        "test-debugging",
        "For tests: traces whole before anything else, what tests printed, and a shorter end.",
        {"profile": "test"},
        (("stack_trace_detail", 1.0), ("test_result_detail", 1.0), ("end_share", 0.2)),
        Spending(traces_first=True),
    ),
    Preset(
        "ci-integration",
        "For a job: as for tests, --check, fit 8,000; annotations and summary in GitHub Actions.",
        {"profile": "test", "fit": 8_000},
        checks=True,
        form_in_actions="github",
    ),
    Preset(
        "max-compression",
        "What is critical and high, shortened; the end; 90 % fewer tokens.",
        {"priority_filter": "high", "repeated": "short", "min_compression": 90, "adaptive": False},
        (("end_share", 0.2),),
        Spending(longest=Shape.TRIMMED, most_templates=20, keeps_rest=True),
    ),
    Preset(
        "monitoring",
        "For a program that watches: JSON, fit 2,000.",
        {"profile": "info", "fit": 2_000},
        form="json",
        tracks_usage=True,
        stores_memory=True,
    ),
)
PRESETS: Final[Mapping[str, Preset]] = MappingProxyType({preset.name: preset for preset in _ALL})


def combine(layers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the settings that layers of them say together: later ones go before, each before the preset it names.

    Only the last preset that is named counts.
    """
    naming = [at for at, layer in enumerate(layers) if "preset" in layer]
    values: dict[str, Any] = {}
    for at, layer in enumerate(layers):
        if naming and at == naming[-1]:
            values.update(PRESETS[layer["preset"]].settings)
        values.update(layer)
    return values
