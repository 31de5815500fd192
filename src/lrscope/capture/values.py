"""Values: numbers of a training beside its rates, the loss above all.

Each is a row of its own, so that a loss stands before the step that it led to.
"""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Any, Callable

from lrscope.capture.journal import MOST_KEPT
from lrscope.capture.modes import Uncompiled, untraced
from lrscope.capture.numbers import is_on_host, is_tensor
from lrscope.capture.scaled import ScaledLosses
from lrscope.recording.rows import code_of

if TYPE_CHECKING:
    from lrscope.capture.journal import Journal
    from lrscope.capture.optimizers import OptimizerWitness
    from lrscope.recording.dictionary import Layout

LOSS = "loss"
LOGGED_LOSS = "loss (logged)"
_NAN = float("nan")


class Values:
    """Writes losses and what a program logs.

    Args:
        journal: where to write.
        witness: knows what waits for a device, and graphs that are captured.
        fail: what to call with an exception of our own.

    Attributes:
        loss_code: of the row of a loss; None as long as that takes more than a row.
        scaled: losses that a GradScaler multiplied.
        scalers: what of them waits for its ``backward()``.
    """

    __slots__ = (
        "_codes", "_early", "_fail", "_gathering", "_given_up", "_graphs",
        "_is_untraced", "_journal", "_late", "_layouts", "loss_code", "scaled",
        "scalers",
    )  # fmt: skip

    def __init__(
        self,
        journal: Journal,
        witness: OptimizerWitness,
        fail: Callable[[Exception], None],
    ) -> None:
        """Write nothing yet."""
        self._journal = journal
        self._late = witness.late
        self._graphs = witness.graphs
        self._fail = fail
        self._layouts: dict[str, Layout] = {}
        self._early: list[tuple[str, Any]] = []
        self._codes: dict[str, float] = {}
        self.loss_code: float | None = None
        self.scaled = ScaledLosses()
        self.scalers = self.scaled.waiting
        self._given_up = False
        self._gathering = Uncompiled(self._gather)
        self._is_untraced = untraced(self.note_backward)
        journal.when_opened.append(self._write_early)

    def note_backward(self, args: Any, kwargs: Any) -> None:
        """Note the loss that ``backward()`` is called on."""
        if self._given_up:
            return
        try:
            tensors = args[0] if args else kwargs.get("tensors")
            losses = (tensors,) if is_tensor(tensors) else tuple(tensors)
            scaler = self.scaled.scaler_of(losses) if self.scalers else None
            if not all(map(_is_loss, losses)):
                return
            parts = [_at_hand(each) for each in losses]
            scale = None if scaler is None else scaler._scale
            if self._graphs.hold(lambda: self._noting(LOSS, parts, scale)):
                return
            loss = _without(_at_hand(scale), parts)
        except Exception as error:  # noqa: BLE001 - a strange tensor is no end
            self._given_up, self.loss_code = True, None
            self._journal.event("losses_given_up", why=repr(error))
            return
        try:
            self.note(LOSS, loss, self._gather if self._is_untraced else None)
        except Exception as error:  # noqa: BLE001 - the training must go on
            self._fail(error)

    def log(self, name: str, value: Any) -> None:
        """Write a number of the program's own."""
        self.note(LOGGED_LOSS if name == LOSS else name, value)

    def note(
        self, name: str, value: Any, gather: Callable[[str, Any], bool] | None = None
    ) -> None:
        """Write a number, or the tensor of one, once there are files."""
        if self._graphs.is_capturing:
            parts = [value.detach() if is_tensor(value) else value]
            self._graphs.hold(lambda: self._noting(name, parts, None))
            return
        if is_tensor(value):
            if is_on_host(value):
                value = value.item()
            elif (gather or self._gathering)(name, value):
                return
            else:
                value = self._late.start([(0, value)])
        if self._journal.is_open:
            self._write(name, value)
        elif len(self._early) < MOST_KEPT:
            self._early.append((name, value))

    def _gather(self, name: str, tensor: Any) -> bool:
        """Have a number come with others of its name; say whether it will."""
        code = self._codes.get(name)
        if code is None or tensor.numel() != 1 or not self._journal.is_open:
            return False
        try:
            load = self._late.load_for(name, tensor)
            if load is None:
                return False
            load.add(tensor.detach() if tensor.requires_grad else tensor)
        except (RuntimeError, AttributeError, NotImplementedError):
            return False
        load.rows.append(self._journal.sink.store(code, [_NAN]))
        if load.is_due():
            self._late.send(load)
        return True

    def _noting(self, name: str, parts: list[Any], scale: Any) -> Callable[[], None]:
        """Return what notes a number after a replay; the scale is that before it."""
        scale = _at_hand(scale)
        if is_tensor(scale):
            scale = scale.clone()
        return lambda: self.note(name, _without(scale, parts))

    def forget_files(self) -> None:
        """Be ready for a new recording, in a forked child."""
        self._early.clear()
        self.scalers.clear()
        self._codes.clear()
        self.loss_code = None

    def _write_early(self) -> None:
        early, self._early = self._early, []
        self._layouts.clear()
        self._codes.clear()
        self.loss_code = None
        for name, value in early:
            self._write(name, value)

    def _write(self, name: str, value: Any) -> None:
        journal = self._journal
        layout = self._layouts.get(name)
        if layout is None:
            holds = {"holds": "value", "name": name, "columns": [name]}
            layout = self._layouts[name] = journal.open().layout(holds, 1)
        is_here = isinstance(value, (int, float))
        code = code_of(layout.number, journal.silence(), 0)
        values = [value if is_here else _NAN]
        row = journal.sink.store(code, values)
        self._codes[name] = code
        if name == LOSS:
            self.loss_code = code
        if not is_here:
            self._late.complete(row, value, values)


def _is_loss(tensor: Any) -> bool:
    """Say whether it is one real number, not a share of one as of a DTensor."""
    return (
        is_tensor(tensor)
        and tensor.numel() == 1
        and tensor.is_floating_point()
        and not hasattr(tensor, "_local_tensor")
    )


def _without(scale: Any, parts: list[Any]) -> Any:
    """Return the sum of the parts of a loss, without the factor of a GradScaler."""
    loss = reduce(add, parts)
    return loss if scale is None else loss / scale


def _at_hand(tensor: Any) -> Any:
    """Return the number that a tensor holds; the tensor if it is on a device."""
    if tensor is None:
        return None
    return tensor.item() if is_on_host(tensor) else tensor.detach()
