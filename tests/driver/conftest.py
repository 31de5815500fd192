"""What the tests of the driver share."""

from __future__ import annotations

import pytest
import torch


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


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
