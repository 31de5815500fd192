"""The command ``lrscope``, which ``python -m lrscope`` is as well."""

import sys

from lrscope.cli import exits, letters, trial
from lrscope.errors import LrscopeError


def main() -> None:
    """Hold the trial that was asked for, or have click see to the rest."""
    letters.fit(sys.stdout, sys.stderr)
    asked = trial.from_words(sys.argv[1:])
    if asked is None:
        from lrscope.cli import main as commands

        commands.main(prog_name="lrscope")
    else:
        try:
            trial.hold(asked)
        except LrscopeError as error:
            exits.leave(error)


if __name__ == "__main__":
    main()
