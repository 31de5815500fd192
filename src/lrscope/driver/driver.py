"""The driver: writes the rate of each step just before the optimizer takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lrscope import listeners
from lrscope.driver import checkpoint
from lrscope.driver.driven_groups import DrivenGroups
from lrscope.driver.driven_number import label_of
from lrscope.driver.ranks import agreed
from lrscope.driver.reading import Reading
from lrscope.driver.stateful_control import StatefulControl
from lrscope.driver.step_hooks import StepHooks
from lrscope.errors import ScheduleError, UsageError
from lrscope.schedules.arguments import whole
from lrscope.sites import here

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from torch.optim import Optimizer

    from lrscope.driver.plan import Plan
    from lrscope.schedules.control.control import Control


class Driver:
    """A schedule on an optimizer: nothing to step, nothing to forget.

    Made by ``lrscope.drive``. It writes the rate for step t immediately before the
    optimizer takes step t, and goes on to t + 1 only if parameters were updated. It
    lives as long as the optimizer, whether you keep it or not.

    >>> import torch
    >>> import lrscope
    >>> optimizer = torch.optim.Adam([torch.nn.Parameter(torch.ones(1))], lr=0.1)
    >>> halve = lrscope.linear(4, end=0.5)
    >>> control = lrscope.plateau(factor=0.5, patience=0)
    >>> driver = lrscope.drive(optimizer, halve, betas0=halve, control=control)
    >>> driver.preview([0, 4, 400])["all"].tolist()
    [0.1, 0.05, 0.05]
    >>> driver.preview(2, key="betas0")["all"].tolist()
    [0.9, 0.7875]
    >>> driver.report(1.0), driver.report(1.0)
    (1.0, 0.5)
    >>> driver.load_state_dict({**driver.state_dict(), "step": 4})
    >>> driver.readings()[0]
    Reading(group='all', key='lr', applied=None, planned=0.025, held=0.1)
    >>> optimizer.step()  # there is no gradient: nothing is updated
    >>> driver.step
    4
    >>> driver.release()  # base values again; it can be driven anew
    """

    def __init__(
        self,
        optimizer: Optimizer,
        plan: Plan,
        *,
        control: Control | None,
        added: str,
        on_change: str | None,
    ) -> None:
        """Take an optimizer over; use ``lrscope.drive``, which checks more."""
        self.plan, self.added, self.on_change = plan, added, on_change
        self.optimizer = optimizer
        self._control = StatefulControl(control)
        self._driven = DrivenGroups(plan, added)
        self._driven.look(optimizer.param_groups, 0, self._control.factor)
        self._hooks = StepHooks(optimizer, self._driven, self._control)
        self._announce()

    @property
    def step(self) -> int:
        """The step that the optimizer takes next: how many updates there were.

        A number, not a method: the driver writes at every ``optimizer.step()``.
        """
        return self._hooks.step

    def preview(
        self, steps: int | ArrayLike, *, key: str = "lr"
    ) -> dict[str, NDArray[np.float64]]:
        """Return what is planned, an array for each group by name.

        Args:
            steps: Steps of the driver, or how many of them from 0 on.
            key: What to preview, as ``drive`` was told or as readings name it.

        Returns:
            Values as the groups hold them: rates, with the factor that a control
            has now.

        Raises:
            UsageError: If the key is not driven.
            ScheduleError: For steps below 0 or not whole.
        """
        self._look()
        wanted, label = _asked(steps), label_of(key)
        found = {
            group.name: group.numbers[label].planned(wanted, self._control.factor)
            for group in self._driven.all
            if label in group.numbers
        }
        if not found:
            msg = f"no group is driven by {key!r}"
            raise UsageError(msg)
        return found

    def readings(self) -> tuple[Reading, ...]:
        """Return every driven number: last applied, planned next, held now.

        A number on a device is waited for; call it where waiting does no harm.
        """
        step, factor, last = self._look(), self._control.factor, self._hooks.last
        return tuple(
            Reading(
                group.name,
                each.label,
                None if last is None or last[0] < group.met else each.planned(*last),
                each.planned(step, factor),
                float(each.held()),
            )
            for group in self._driven.all
            for each in group.numbers.values()
        )

    def report(self, metric: Any) -> float:
        """Tell the control a metric, such as a validation loss.

        In distributed training every process must call it, with the same number:
        reduce it first.

        Args:
            metric: A number, or a tensor of one.

        Returns:
            The factor of all rates from the next step on.

        Raises:
            UsageError: If the driver has no control or the processes disagree.
            ScheduleError: If the metric is no number.
        """
        _ = self.step  # an update that is not known yet still had the old factor
        return self._control.report(agreed(metric))

    def state_dict(self) -> dict[str, Any]:
        """Return the step, the schedules, the bases and the control as plain data.

        It can be written as JSON.

        Raises:
            ScheduleError: If a schedule holds a function without a name.
        """
        step, written = self._look(), self._hooks.written
        return checkpoint.to_plain(step, written, self._driven, self._control)

    def load_state_dict(
        self, state: dict[str, Any], on_change: str | None = None
    ) -> None:
        """Go on from a checkpoint, whatever else was or will be loaded.

        Args:
            state: What ``state_dict`` returned.
            on_change: What to do where the checkpoint follows another plan than
                this driver: "keep new", "keep old" or "splice"; refuse if None and
                ``drive`` was not told either.

        Raises:
            UsageError: If the plan is another one, or the state is damaged.
        """
        self._look()
        how = checkpoint.checked(on_change or self.on_change)
        went = checkpoint.load(state, self._driven, self._control, how)
        self._hooks.go_on_from(*went)
        self._announce()

    def release(self) -> None:
        """Hand the optimizer back, with its base values: it is driven no more.

        It can be driven anew; a second time does nothing.
        """
        if self._hooks.stopped:
            return  # another driver may have it by now
        self._hooks.stop()
        self._driven.write_bases(self.optimizer.param_groups)
        listeners.announced.pop(self.optimizer, None)

    def _announce(self) -> None:
        """Tell those who listen, such as a recorder, what is planned from now on."""
        keys: dict[str, list[dict[str, Any]]] = {}
        for index, group in enumerate(self._driven.all):
            for key, each in group.numbers.items():
                about = {"group": index, "name": group.name, **each.describe()}
                keys.setdefault(key, []).append(about)
        plan: dict[str, Any] = {"step": self.step, "keys": keys}
        if self._control.control is not None:
            plan["control"] = repr(self._control.control)
        where = here()
        listeners.announce(self.optimizer, plan, tuple(where) or None)

    def _look(self) -> int:
        """Look at the groups anew; return the step."""
        self._hooks.look(self.optimizer)
        return self._hooks.step

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle with the optimizer: its copy gets a driver like this one."""
        control = self._control.declared
        arguments = {
            "control": control,
            "added": self.added,
            "on_change": self.on_change,
        }
        return _again, (self.optimizer, self.plan, arguments, self.state_dict())

    def __repr__(self) -> str:
        """Say what is driven and where it is."""
        return f"<Driver at step {self.step} of {self.plan}>"


def _asked(steps: Any) -> NDArray[Any]:
    """Return the steps to preview; of a number, so many from 0 on."""
    if np.ndim(steps) == 0:
        return np.arange(whole("preview needs steps", steps))
    found = np.asarray(steps)
    if found.size and not found.min() >= 0:
        msg = f"preview needs steps >= 0, got {found.min()}"
        raise ScheduleError(msg)
    return found


def _again(optimizer: Any, plan: Plan, arguments: Any, state: Any) -> Driver:
    driver = Driver(optimizer, plan, **arguments)
    driver.load_state_dict(state, "keep old")
    return driver
