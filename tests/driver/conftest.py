"""What the tests of the driver share."""

from __future__ import annotations

import pytest


@pytest.fixture
def notices():
    """Return the slugs of what is said while a function runs."""
    import re
    import warnings

    def slugs(function):
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            function()
        return [re.match(r"\[([a-z-]+)\]", str(each.message))[1] for each in said]

    return slugs
