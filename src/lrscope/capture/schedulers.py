"""Schedulers: which one was made, with what, and every time it was stepped.

``step``, ``__init__`` and ``load_state_dict`` are wrapped on every class of
schedulers, those of the user included, as soon as the class exists.
"""

from __future__ import annotations

import inspect
import sys
import weakref
from threading import get_ident
from typing import TYPE_CHECKING, Any, Callable

from lrscope.capture import groups as grouping
from lrscope.capture.asking import CHECK, asked
from lrscope.capture.descriptions import (
    arguments_of,
    attributes_of,
    children_of,
    family_of,
    rates_of,
)
from lrscope.capture.journal import MOST_PENDING
from lrscope.capture.plain import plain
from lrscope.capture.states import saved
from lrscope.sites import caller, is_users, unseen, user_frames

if TYPE_CHECKING:
    from types import FrameType

    from lrscope.capture.journal import Journal
    from lrscope.capture.optimizers import OptimizerWitness
    from lrscope.capture.patches import Patches
    from lrscope.capture.watch import Watch


class SchedulerWatch:
    """What is known of one scheduler."""

    def __init__(self, number: int) -> None:
        """Number it in the order in which schedulers were met."""
        self.number = number
        self.owner: Watch | None = None
        self.items: dict[tuple[int, int, int], tuple[int, Any]] = {}
        self.wrote: Any = True  # a reference to it, if it keeps what it wrote
        self.steps_alone = False  # its step calls no other scheduler's
        self.lasti = -1  # where and by what code it was stepped last, and the item
        self.caller: Any = None
        self.item = -1


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
        self._optimizers = optimizers
        self._fail = fail
        self._watches: dict[int, SchedulerWatch] = {}
        self._met = 0
        self._making: list[tuple[int, Any]] = []
        self._busy: list[tuple[int, Any]] = []
        self._wrapped_save = saved(journal, "scheduler", self._number_of, fail)

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
        check = asked(self._journal, self._number_of, self._is_busy, self._fail)
        patches.wrap(sys.modules[base.__module__], CHECK, check)

    def _is_busy(self) -> bool:
        return bool(self._busy or self._making)

    def _wrap(self, patches: Patches, cls: type) -> None:
        patches.wrap(cls, "__init__", self._wrapped_init)
        patches.wrap(cls, "step", self._wrapped_step)
        patches.wrap(cls, "load_state_dict", self._wrapped_load)
        patches.wrap(cls, "state_dict", self._wrapped_save)

    def _wrapped_init(self, original: Callable[..., Any]) -> Callable[..., Any]:
        making = self._making

        def __init__(scheduler: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
            if any(each is scheduler for _, each in making):  # super().__init__()
                original(scheduler, *args, **kwargs)
                return
            entry = (get_ident(), scheduler)
            rates = rates_of(args[0] if args else kwargs.get("optimizer"))
            making.append(entry)
            try:
                original(scheduler, *args, **kwargs)
            finally:
                making.remove(entry)
            self._note_made(scheduler, original, args, kwargs, sys._getframe(1), rates)

        return __init__

    def _wrapped_step(self, original: Callable[..., Any]) -> Callable[..., Any]:
        busy = self._busy
        making = self._making
        note = self._note_step
        frame_at = sys._getframe
        watches = self._watches
        pending = self._journal.pending

        def step(scheduler: Any, *args: Any, **kwargs: Any) -> Any:
            frame = frame_at(1)
            watch = watches.get(id(scheduler))
            if (
                watch is None
                or frame.f_lasti != watch.lasti
                or frame.f_code is not watch.caller
                or args
                or kwargs
                or busy
                or making
                or len(pending) > MOST_PENDING
            ):
                note(scheduler, original, args, kwargs, frame)
            else:  # stepped again by the line that stepped it last
                pending.append(watch.item)
                if watch.owner is not None:
                    watch.owner.explained = watch.wrote
                if watch.steps_alone:
                    return original(scheduler)
            entry = (get_ident(), scheduler)
            busy.append(entry)
            try:
                return original(scheduler, *args, **kwargs)
            finally:
                busy.remove(entry)

        return step

    def _wrapped_load(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def load_state_dict(scheduler: Any, *args: Any, **kwargs: Any) -> Any:
            depth = len(self._busy_here())
            entry = (get_ident(), scheduler)
            self._busy.append(entry)
            try:
                result = original(scheduler, *args, **kwargs)
            finally:
                self._busy.remove(entry)
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
            self._meet(scheduler, given, frame, rates)
        except Exception as error:  # noqa: BLE001 - the training must go on
            self._fail(error)

    def _note_load(self, scheduler: Any, frame: FrameType) -> None:
        try:
            watch = self._watch_of(scheduler, frame)
            if watch.owner is not None:
                watch.owner.explained = True
            for each in children_of(scheduler):  # what they got came with its state
                self._note_load(each, frame)
            self._journal.event(
                "scheduler_state_loaded",
                scheduler=watch.number,
                attributes=attributes_of(scheduler, self._refer),
                where=caller(frame),
            )
        except Exception as error:  # noqa: BLE001 - the training must go on
            self._fail(error)

    def _note_step(
        self,
        scheduler: Any,
        step: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        frame: FrameType,
    ) -> None:
        try:
            busy = self._busy_here()
            thread = get_ident()
            if any(each == thread for each, _ in self._making):
                return  # its first step is part of making it
            if busy and busy[-1] is scheduler:  # super().step()
                return
            watch = self._watches.get(id(scheduler)) or self._watch_of(scheduler, frame)
            key = (id(frame.f_code), frame.f_lasti, len(busy))
            known = watch.items.get(key)
            if known is None:
                known = self._new_item(watch, step, bool(args or kwargs), frame)
                watch.items[key] = known
            self._journal.pending.append(known[0])
            if len(self._journal.pending) > MOST_PENDING:
                self._journal.flush()
            if not (busy or args or kwargs):
                watch.item, watch.caller, watch.lasti = *known, frame.f_lasti
            if watch.owner is not None:
                watch.owner.explained = watch.wrote
            if args or kwargs:
                self._note_argument(watch, [*args, *kwargs.values()][0])
        except Exception as error:  # noqa: BLE001 - the training must go on
            self._fail(error)

    def _busy_here(self) -> list[Any]:
        """Return the schedulers that are stepping or loading in this thread."""
        thread = get_ident()
        return [scheduler for each, scheduler in self._busy if each == thread]

    def _note_argument(self, watch: SchedulerWatch, value: Any) -> None:
        if grouping.is_tensor(value) and not grouping.is_on_host(value):
            return  # reading it would make the process wait for the device
        numbers = grouping.numbers_in(value)
        if numbers:
            self._journal.argument(watch.number, numbers[0])

    def _new_item(
        self,
        watch: SchedulerWatch,
        step: Callable[..., Any],
        has_argument: bool,  # noqa: FBT001
        frame: FrameType,
    ) -> tuple[int, Any]:
        details: dict[str, Any] = {
            "scheduler": watch.number,
            "depth": len(self._busy_here()),
            "where": [frame.f_code.co_filename, frame.f_lineno],
        }
        if not is_users(frame.f_code.co_filename):
            users = user_frames(frame, 1)
            details["from"] = (
                [users[0].f_code.co_filename, users[0].f_lineno] if users else []
            )
        if has_argument:
            names = list(inspect.signature(step).parameters)
            details["argument"] = names[1] if len(names) > 1 else ""
        return self._journal.item("scheduler_stepped", **details), frame.f_code

    def _number_of(self, scheduler: Any, frame: FrameType) -> int:
        return self._watch_of(scheduler, frame).number

    def _watch_of(self, scheduler: Any, frame: FrameType) -> SchedulerWatch:
        known = self._watches.get(id(scheduler))
        return known or self._meet(scheduler, None, frame)

    def _meet(
        self,
        scheduler: Any,
        arguments: dict[str, Any] | None,
        frame: FrameType,
        rates_before: list[Any] | None = None,
    ) -> SchedulerWatch:
        watch = self._watches.get(id(scheduler))
        if watch is None:
            watch = self._watches[id(scheduler)] = SchedulerWatch(self._met)
            self._met += 1
            forget = self._watches.pop
            weakref.finalize(scheduler, forget, id(scheduler), None).atexit = False
        watch.owner = self._owner_of(scheduler)
        # torch's own keep what they wrote in _last_lr
        module = type(scheduler).__module__
        if module == "torch.optim.lr_scheduler" and hasattr(scheduler, "_last_lr"):
            watch.wrote = weakref.ref(scheduler)
            watch.steps_alone = not children_of(scheduler)
        if watch.owner is not None:
            watch.owner.explained = True
        driven = getattr(scheduler, "optimizer", None)
        own = watch.owner is None or watch.owner.owner == id(driven)
        self._journal.event(
            "scheduler_constructed",
            scheduler=watch.number,
            class_name=type(scheduler).__name__,
            module=type(scheduler).__module__,
            how="found" if arguments is None else "constructed",
            optimizer=None if watch.owner is None else watch.owner.number,
            arguments=plain(arguments or {}, self._refer),
            attributes=attributes_of(scheduler, self._refer),
            children=[
                self._watch_of(each, frame).number for each in children_of(scheduler)
            ],
            rates=[plain(each, self._refer) for each in rates_of(driven)],
            rates_before=[plain(each, self._refer) for each in rates_before or ()],
            wrapper=None if own or driven is None else type(driven).__name__,
            where=caller(frame) if arguments is not None else [],
        )
        return watch

    def _owner_of(self, scheduler: Any) -> Watch | None:
        optimizer = getattr(scheduler, "optimizer", None)
        if optimizer is None:
            owners = {self._owner_of(child) for child in children_of(scheduler)}
            return owners.pop() if len(owners) == 1 else None
        return self._optimizers.watch_for(optimizer)

    def _refer(self, value: Any) -> dict[str, int] | None:
        watch = self._watches.get(id(value))
        if watch is not None:
            return {"scheduler": watch.number}
        owner = self._optimizers.watches.get(id(value))
        return None if owner is None else {"optimizer": owner.number}
