"""A budget of tokens that parts of a digest are offered to, and what is left of it."""

from collections.abc import Mapping
from typing import Final

from loopflow.errors import UsageError
from loopflow.logs.model import Priority, Share

_FULL, _NORMAL, _REDUCED = 0.7, 0.4, 0.1
MISC: Final = "misc"


class TokenBudgetManager:
    """Gives out `total` tokens less `buffer`.

    `components` are guaranteed so many tokens each, unless what is critical needs them; they get no more if `strict`.
    Of the rest a share of `critical_reserve` is for what is critical alone. Raises UsageError where components have
    more than there is.
    """

    def __init__(
        self,
        total: int,
        *,
        buffer: int = 0,
        components: Mapping[str, int] | None = None,
        critical_reserve: float = 0.10,
        strict: bool = False,
    ) -> None:
        self.total = max(total - buffer, 0)
        self._components = dict(components or {})
        if (wanted := sum(self._components.values())) > self.total:
            raise UsageError(
                f"the components' budgets are {wanted:,} tokens, and there are {self.total:,}",
                "lower them, or raise --fit",
            )
        self._kept = self._components
        self._reserve = int(self.total * critical_reserve)
        self._strict = strict
        self._used: dict[str, int] = {}
        self._items: dict[str, int] = {}
        self._left_out: dict[str, int] = {}

    @property
    def used(self) -> int:
        """How many tokens are given out."""
        return sum(self._used.values())

    @property
    def verbosity(self) -> str:
        """How much is left: full, normal, reduced or minimal."""
        share = self.remaining() / self.total if self.total else 0
        if share >= _FULL:
            return "full"
        if share >= _NORMAL:
            return "normal"
        return "reduced" if share > _REDUCED else "minimal"

    def offer(self, component: str, priority: Priority, tokens: int, *, spares: bool = False) -> bool:
        """Take `tokens` for a component if there is room for them. What is critical may use all that there is.

        If it `spares`, it leaves what other components are guaranteed.
        """
        if tokens > self._room(component, priority, spares=spares):
            self._left_out[component] = self._left_out.get(component, 0) + 1
            return False
        self._used[component] = self._used.get(component, 0) + tokens
        self._items[component] = self._items.get(component, 0) + 1
        return True

    def release(self, component: str, tokens: int) -> None:
        """Give `tokens` back."""
        self._used[component] = self._used.get(component, 0) - tokens

    def check_budget(self, tokens: int) -> bool:
        """Whether `tokens` more are there."""
        return tokens <= self.remaining()

    def remaining(self, component: str | None = None) -> int:
        """Return what is left of all, or of what a component is guaranteed."""
        if component is None:
            return self.total - self.used
        return max(self._kept.get(component, 0) - self._used.get(component, 0), 0)

    def free(self) -> int:
        """Return what is left that no component is guaranteed."""
        return max(self.remaining() - sum(map(self.remaining, self._components)), 0)

    def share_rest(self) -> bool:
        """Let everybody have what components leave, unless it is strict; return whether anything was kept for them."""
        if self._strict or not self._kept:
            return False
        self._kept = {}
        return True

    def shares(self) -> tuple[Share, ...]:
        """Return what each component was given and used."""
        names = dict.fromkeys([*self._components, *self._used, *self._left_out])
        return tuple(
            Share(
                name,
                self._components.get(name, self.total - sum(self._components.values())),
                self._used.get(name, 0),
                self._items.get(name, 0),
                self._left_out.get(name, 0),
            )
            for name in names
        )

    def _room(self, component: str, priority: Priority, *, spares: bool) -> int:
        is_critical = priority is Priority.CRITICAL
        if is_critical and not spares:
            return self.remaining()
        own = min(self.remaining(component), self.remaining())
        if self._strict and component in self._components:
            return own
        others = sum(self.remaining(each) for each in self._components if each != component)
        return max(own, self.remaining() - others - (0 if is_critical else self._reserve))
