"""Programs that end before the first update, and what is kept of them."""

from __future__ import annotations

import pytest

import lrscope

AT_ONCE = "optimizer = torch.optim.SGD(model.parameters(), lr='1e-3')"
AT_THE_STEP = """
optimizer = torch.optim.SGD([{"params": model.parameters(), "lr": "1e-3"}], lr=0.1)
model(torch.ones(1, 2)).sum().backward()
optimizer.step()
"""


@pytest.mark.parametrize("rest", [AT_ONCE, AT_THE_STEP])
def test_why_nothing_was_trained_is_kept_and_audited(place, rest):
    script = place.write("import torch\nmodel = torch.nn.Linear(2, 1)\n" + rest)
    done = place.run("-o", "run", script)
    assert done.code == 1
    assert b"no optimizer step was completed (TypeError: " in done.stderr
    run = lrscope.read_run(place.run_directory)
    (finding,) = lrscope.audit_run(run).findings
    assert finding.name == "lr-is-a-string"
    assert finding.where[0][0].endswith(script)
    assert run.main.tracks == ()
