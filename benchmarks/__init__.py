"""Benchmarks: the figures that lrscope promises, measured."""
