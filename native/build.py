"""Build: compiles lrscope._native when lrscope is built, if a compiler is at hand.

Without one lrscope is installed all the same, and Python does what C would do.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

HERE = Path(__file__).parent

SMALL = ["-Os", "-fno-plt", "-fvisibility=hidden"] if os.name == "posix" else []
"""A step finds our code cold: what it costs is how many lines of cache it takes."""


def digest() -> str:
    """Return what tells one state of the sources from another."""
    files = sorted([*HERE.glob("*.c"), *HERE.glob("*.h")])
    return hashlib.sha256(b"".join(each.read_bytes() for each in files)).hexdigest()


class NativeBuildHook(BuildHookInterface):
    """Adds the compiled module to a wheel, or puts it beside the sources."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile; ``version`` is "editable" or "standard"."""
        if self.target_name != "wheel":
            return
        root = Path(self.root)
        editable = version == "editable"
        folder = root / "src" if editable else Path(tempfile.mkdtemp())
        try:
            built = _compiled(folder)
        except Exception as error:  # noqa: BLE001 - whatever a compiler may raise
            self.app.display_warning(
                f"lrscope._native was not compiled ({error}); recording works "
                "without it, and costs a training step some 20 µs more"
            )
            return
        build_data["pure_python"] = False
        build_data["infer_tag"] = True
        if not editable:
            build_data["force_include"][str(built)] = f"lrscope/{built.name}"


def _compiled(folder: Path) -> Path:
    """Compile into ``folder``/lrscope and return the file."""
    from setuptools import Distribution, Extension
    from setuptools.command.build_ext import build_ext

    extension = Extension(
        "lrscope._native",
        sources=[str(each) for each in sorted(HERE.glob("*.c"))],
        depends=[str(each) for each in HERE.glob("*.h")],
        define_macros=[("SOURCE", f'"{digest()}"')],
        extra_compile_args=SMALL,
    )
    command = build_ext(Distribution({"name": "lrscope", "ext_modules": [extension]}))
    command.build_lib = str(folder)
    command.build_temp = tempfile.mkdtemp()
    command.ensure_finalized()
    command.run()
    return Path(command.get_outputs()[0])
