"""Exits: the four exit codes of lrscope's own."""

OK = 0
FINDINGS = 1
USAGE = 2
BROKEN = 3
