"""Schedulers of torch, transformers and timm as schedules. Without importing them."""

from __future__ import annotations

from lrscope.schedules.importers.imported import Imported, NotImported, Quirk
from lrscope.schedules.importers.table import imported, imported_live

__all__ = ["Imported", "NotImported", "Quirk", "imported", "imported_live"]
