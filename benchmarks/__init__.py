"""Benchmarks: the figures that lrscope promises, measured.

One module for each figure, with ``measure(quick) -> list[Result]``.
"""
