"""``python -m lrscope`` is the same as ``lrscope``."""

from lrscope.cli.main import main

main(prog_name="lrscope")
