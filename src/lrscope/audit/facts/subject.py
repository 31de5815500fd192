"""Subject: what a rule judges and a finding is about."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from lrscope.audit.facts.scheduler import Scheduler
    from lrscope.audit.facts.site import Sites
    from lrscope.audit.facts.training import Training


class Subject(Protocol):
    """What a rule looks at: a scheduler, an optimizer or a group of one."""

    @property
    def training(self) -> Training:
        """The process it belongs to."""

    @property
    def optimizer_name(self) -> str | None:
        """The optimizer it is or belongs to."""

    @property
    def group_name(self) -> str | None:
        """The group it is; None if it is none."""

    @property
    def where(self) -> Sites:
        """The lines of the script to look at."""

    @property
    def ratios(self) -> dict[str, Any]:
        """How often things happened beside each other."""


class About(ABC):
    """A subject that answers as another one does, unless it knows better."""

    @property
    @abstractmethod
    def about(self) -> Subject:
        """The scheduler, optimizer or group that answers."""

    @property
    def training(self) -> Training:
        """The process it belongs to."""
        return self.about.training

    @property
    def optimizer_name(self) -> str | None:
        """The optimizer it belongs to."""
        return self.about.optimizer_name

    @property
    def group_name(self) -> str | None:
        """The group it is about; None if it is about none."""
        return self.about.group_name

    @property
    def where(self) -> Sites:
        """The lines of the script to look at."""
        return self.about.where

    @property
    def ratios(self) -> dict[str, Any]:
        """How often things happened beside each other."""
        return self.about.ratios


@dataclass(frozen=True)
class AboutScheduler(About):
    """One that answers as a scheduler does.

    Attributes:
        scheduler: stepped by the program.
    """

    scheduler: Scheduler

    @property
    def about(self) -> Scheduler:
        """The scheduler."""
        return self.scheduler
