"""Torch-wide: backward calls, passes over DataLoaders, GradScalers, optimizers made.

Each function takes the patches and wraps what its module of torch holds.
"""

from __future__ import annotations

import sys
import weakref
from threading import get_ident
from typing import TYPE_CHECKING, Any, Callable

from lrscope.capture.journal import MOST_PENDING
from lrscope.capture.modes import untraced
from lrscope.capture.states import saved
from lrscope.compiled import quick
from lrscope.recording.writer import Writer
from lrscope.sites import caller

if TYPE_CHECKING:
    from types import FrameType, ModuleType

    from lrscope.capture.journal import Journal
    from lrscope.capture.optimizers import OptimizerWitness
    from lrscope.capture.patches import Patches
    from lrscope.capture.values import Values

    Fail = Callable[[Exception], None]


def watch_optimizers(
    patches: Patches, base: type, witness: OptimizerWitness, fail: Fail
) -> None:
    """Note each optimizer that is made, given a group or a state."""
    making: set[int] = set()

    def init(original: Callable[..., Any]) -> Callable[..., Any]:
        def __init__(optimizer: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
            making.add(id(optimizer))
            try:
                original(optimizer, *args, **kwargs)
            finally:
                making.discard(id(optimizer))
            try:
                witness.meet(optimizer, how="constructed")
            except Exception as error:  # noqa: BLE001 - the training must go on
                fail(error)

        return __init__

    def add(original: Callable[..., Any]) -> Callable[..., Any]:
        def add_param_group(optimizer: Any, *args: Any, **kwargs: Any) -> Any:
            result = original(optimizer, *args, **kwargs)
            if id(optimizer) not in making:
                witness.note_added(optimizer)
            return result

        return add_param_group

    def load(original: Callable[..., Any]) -> Callable[..., Any]:
        def load_state_dict(optimizer: Any, *args: Any, **kwargs: Any) -> Any:
            result = original(optimizer, *args, **kwargs)
            witness.note_loaded(optimizer)
            return result

        return load_state_dict

    untraced(witness.meet, witness.note_added, witness.note_loaded)
    patches.wrap(base, "__init__", init)
    patches.wrap(base, "add_param_group", add)
    patches.wrap(base, "load_state_dict", load)
    save = saved(witness.journal, "optimizer", witness.number_of, fail)
    patches.wrap(base, "state_dict", save)


def watch_backward(
    patches: Patches,
    autograd: ModuleType,
    journal: Journal,
    values: Values | None = None,
) -> None:
    """Count backward calls; those inside another (checkpointing) are part of it.

    Args:
        patches: hold what is replaced.
        autograd: its module.
        journal: takes an item for each call.
        values: takes the loss that each is called on, if wanted.
    """
    item = journal.item("backward")
    note = None if values is None else values.note_backward
    pending = journal.pending
    flush = journal.flush
    under_way: list[int] = []  # threads, one for each call

    def wrapped(original: Callable[..., Any]) -> Callable[..., Any]:
        def backward(*args: Any, **kwargs: Any) -> Any:
            if under_way and get_ident() in under_way:
                return original(*args, **kwargs)
            pending.append(item)
            if len(pending) > MOST_PENDING:
                flush()
            if note is not None:
                note(args, kwargs)
            thread = get_ident()
            under_way.append(thread)
            try:
                return original(*args, **kwargs)
            finally:
                under_way.remove(thread)

        tensor = sys.modules["torch"].Tensor
        known = pending, under_way, item, MOST_PENDING, journal, Writer, values
        return quick("backward", backward, original, *known, tensor)

    untraced(flush)
    patches.wrap(autograd, "backward", wrapped)


def watch_scalers(
    patches: Patches, module: ModuleType, witness: OptimizerWitness
) -> None:
    """Note updates that a GradScaler left out."""

    def wrapped(original: Callable[..., Any]) -> Callable[..., Any]:
        def step(scaler: Any, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
            if not scaler.is_enabled():
                return original(scaler, optimizer, *args, **kwargs)
            return witness.scaler_steps(
                optimizer, lambda: original(scaler, optimizer, *args, **kwargs)
            )

        return step

    untraced(witness.watch_for)
    patches.wrap(module.GradScaler, "step", wrapped)


def watch_loaders(
    patches: Patches, module: ModuleType, journal: Journal, fail: Fail
) -> None:
    """Note where a pass over a DataLoader begins and ends."""
    loaders: dict[int, int] = {}
    begins: dict[tuple[int, int, int | None], tuple[int, Any]] = {}
    ends: dict[tuple[int, int], int] = {}
    begun: list[int] = []  # passes, by number of the loader
    running: weakref.WeakKeyDictionary[Any, tuple[int, int]] = (
        weakref.WeakKeyDictionary()
    )

    def began(loader: Any, iterator: Any, frame: FrameType) -> None:
        number = loaders.get(id(loader))
        if number is None:
            number = loaders[id(loader)] = len(begun)
            begun.append(0)
            weakref.finalize(loader, loaders.pop, id(loader), None).atexit = False
        begun[number] += 1
        running[iterator] = number, begun[number]
        length = _length(loader)
        key = (number, frame.f_lasti, length)
        known = begins.get(key)
        if known is None or known[1] is not frame.f_code:
            item = journal.item(
                "pass_began",
                loader=number,
                length=length,
                batch_size=getattr(loader, "batch_size", None),
                where=caller(frame),
            )
            known = begins[key] = (item, frame.f_code)
        journal.pending.append(known[0])
        if len(journal.pending) > MOST_PENDING:
            journal.flush()

    def ended(iterator: Any) -> None:
        number, place = running.pop(iterator, (None, 0))
        if number is None:
            return
        later = begun[number] - place  # such passes are within it
        item = ends.get((number, later))
        if item is None:
            item = journal.item("pass_ended", loader=number, later=later)
            ends[number, later] = item
        journal.pending.append(item)

    def ended_safely(iterator: Any) -> None:
        try:
            ended(iterator)
        except Exception as error:  # noqa: BLE001 - the training must go on
            fail(error)

    def begin(original: Callable[..., Any]) -> Callable[..., Any]:
        def __iter__(loader: Any) -> Any:  # noqa: N807
            iterator = original(loader)
            try:
                began(loader, iterator, sys._getframe(1))
            except Exception as error:  # noqa: BLE001 - the training must go on
                fail(error)
            return iterator

        return __iter__

    def end(original: Callable[..., Any]) -> Callable[..., Any]:
        def __next__(iterator: Any) -> Any:  # noqa: N807
            try:
                return original(iterator)
            except StopIteration:
                ended_safely(iterator)
                raise

        return quick("next", __next__, original, ended_safely)

    untraced(began, ended_safely)
    patches.wrap(module.DataLoader, "__iter__", begin)
    patches.wrap(module._BaseDataLoaderIter, "__next__", end)


def _length(loader: Any) -> int | None:
    """Return the batches in a pass, or None if only running it can tell.

    ``len(loader)`` of an iterable data set is not asked for: it changes what
    the loader warns about later.
    """
    try:
        if getattr(loader, "_dataset_kind", 0) != 0:
            return None
        return len(loader._index_sampler)
    except Exception:  # noqa: BLE001 - the user's sampler may do anything
        return None
