"""Schedulers: which one was made, with what, and every time it was stepped.

``step``, ``__init__`` and ``load_state_dict`` are wrapped on every class of
schedulers, those of timm, transformers and the user included, as soon as the class
exists.
"""

from __future__ import annotations

import sys
from threading import get_ident
from typing import TYPE_CHECKING, Any, Callable

from lrscope.capture.asking import CHECK, asked
from lrscope.capture.descriptions import (
    arguments_of,
    children_of,
    family_of,
    rates_of,
    state_of,
)
from lrscope.capture.modes import untraced
from lrscope.capture.roster import Roster
from lrscope.capture.scheduler_steps import SchedulerSteps
from lrscope.capture.states import saved
from lrscope.sites import program_line, unseen

if TYPE_CHECKING:
    from types import FrameType, ModuleType

    from lrscope.capture.journal import Journal
    from lrscope.capture.optimizers import OptimizerWitness
    from lrscope.capture.patches import Patches

STRANGERS = ("Scheduler", "GreedyLR")
"""Schedulers that are none of torch's: the base of timm's, and transformers' own."""


class SchedulerWitness:
    """Watches every scheduler of the process."""

    def __init__(
        self,
        journal: Journal,
        optimizers: OptimizerWitness,
        fail: Callable[[Exception], None],
    ) -> None:
        """Watch nothing yet; see `install`."""
        self._journal = journal
        self._fail = fail
        self._roster = Roster(journal, optimizers)
        self._steps = SchedulerSteps(journal, self._roster, fail)
        self._wrapped_save = saved(journal, "scheduler", self._roster.number_of, fail)

    def install(self, patches: Patches, base: type) -> None:
        """Wrap ``base``, all its subclasses and those to come."""
        original = vars(base).get("__init_subclass__")

        def __init_subclass__(cls: type, /, **kwargs: Any) -> None:  # noqa: N807
            if original is None:
                super(base, cls).__init_subclass__(**kwargs)  # type: ignore[arg-type]
            else:
                original.__func__(cls, **kwargs)
            self._wrap(patches, cls)

        patches.replace(
            base, "__init_subclass__", classmethod(unseen(__init_subclass__))
        )
        for each in family_of(base):
            self._wrap(patches, each)
        check = asked(
            self._journal, self._roster.number_of, self._steps.any_under_way, self._fail
        )
        patches.wrap(sys.modules[base.__module__], CHECK, check)
        untraced(self._note_made, self._note_load, self._steps.busy_here, rates_of)

    def install_from(self, patches: Patches, module: ModuleType) -> None:
        """Wrap those that a module has beside torch's, where it has any."""
        for name in STRANGERS:
            if hasattr(module, name):
                self.install(patches, getattr(module, name))

    def _wrap(self, patches: Patches, cls: type) -> None:
        patches.wrap(cls, "__init__", self._wrapped_init)
        patches.wrap(cls, "step", self._steps.wrapped)
        patches.wrap(cls, "step_update", self._steps.wrapped)
        patches.wrap(cls, "load_state_dict", self._wrapped_load)
        patches.wrap(cls, "state_dict", self._wrapped_save)

    def _wrapped_init(self, original: Callable[..., Any]) -> Callable[..., Any]:
        making = self._steps.making

        def __init__(scheduler: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
            if any(each == id(scheduler) for _, each in making):  # super().__init__()
                original(scheduler, *args, **kwargs)
                return
            entry = (get_ident(), id(scheduler))
            rates = rates_of(args[0] if args else kwargs.get("optimizer"))
            making.append(entry)
            try:
                original(scheduler, *args, **kwargs)
            finally:
                making.remove(entry)
            self._note_made(scheduler, original, args, kwargs, sys._getframe(1), rates)

        return __init__

    def _wrapped_load(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def load_state_dict(scheduler: Any, *args: Any, **kwargs: Any) -> Any:
            busy, depth = self._steps.busy, len(self._steps.busy_here())
            entry = (get_ident(), id(scheduler))
            busy.append(entry)
            try:
                result = original(scheduler, *args, **kwargs)
            finally:
                busy.remove(entry)
            if depth == 0:
                self._note_load(scheduler, sys._getframe(1))
            return result

        return load_state_dict

    def _note_made(  # noqa: PLR0913, PLR0917 - all that the wrapper knows
        self,
        scheduler: Any,
        init: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        frame: FrameType,
        rates: list[Any],
    ) -> None:
        try:
            given = arguments_of(init, scheduler, args, kwargs)
            self._roster.meet(scheduler, given, frame, rates)
        except Exception as error:  # noqa: BLE001 - the training must go on
            self._fail(error)

    def _note_load(self, scheduler: Any, frame: FrameType) -> None:
        try:
            watch = self._roster.watch_of(scheduler, frame)
            if watch.owner is not None:
                watch.owner.explained = True
            for each in children_of(scheduler):  # what they got came with its state
                self._note_load(each, frame)
            self._journal.event(
                "scheduler_state_loaded",
                scheduler=watch.number,
                attributes=state_of(scheduler, self._roster.refer),
                where=program_line(frame),
            )
        except Exception as error:  # noqa: BLE001 - the training must go on
            self._fail(error)
