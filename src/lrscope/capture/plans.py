"""Plans: what a driver announces that an optimizer will follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

from lrscope import listeners

if TYPE_CHECKING:
    from lrscope.capture.journal import Journal
    from lrscope.capture.optimizers import OptimizerWitness


class PlanWitness:
    """Writes announced plans down, without looking into them."""

    def __init__(
        self,
        journal: Journal,
        optimizers: OptimizerWitness,
        fail: Callable[[Exception], None],
    ) -> None:
        """Hear nothing yet; see `listen`."""
        self._journal = journal
        self._optimizers = optimizers
        self._fail = fail

    def listen(self) -> None:
        """Begin to hear of plans, those made earlier first."""
        listeners.plans.append(self._note)
        for optimizer, (plan, where) in list(listeners.announced.items()):
            self._note(optimizer, plan, where)

    def remove(self) -> None:
        """Hear no more."""
        if self._note in listeners.plans:
            listeners.plans.remove(self._note)

    def _note(
        self, optimizer: Any, plan: dict[str, Any], where: tuple[str, int] | None
    ) -> None:
        try:
            watch = self._optimizers.watch_for(optimizer)
            self._journal.event(
                "plan_declared",
                optimizer=None if watch is None else watch.number,
                plan=plan,
                where=list(where or ()),
            )
        except Exception as error:  # noqa: BLE001 - the training must go on
            self._fail(error)
