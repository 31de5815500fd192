"""Processes that train one model are told the same metric, or refused."""

from __future__ import annotations

import subprocess
import sys
import textwrap

PROGRAM = textwrap.dedent(
    """
    import sys
    import torch
    import lrscope
    from torch import distributed, multiprocessing

    METRICS = [(1.0, 1.0), (float("nan"), float("nan")), (2.0, 3.0), (1.0, float("nan"))]

    def work(rank, place):
        distributed.init_process_group(
            "gloo", init_method=f"file://{place}", rank=rank, world_size=2
        )
        weight = torch.nn.Parameter(torch.ones(1))
        optimizer = torch.optim.SGD([weight], lr=0.1)
        control = lrscope.plateau(factor=0.5, patience=0)
        driver = lrscope.drive(optimizer, lrscope.linear(10), control=control)
        words = []
        for pair in METRICS:
            try:
                words.append(str(driver.report(pair[rank])))
            except lrscope.LrscopeError as error:
                words.append(str(error))
        with open(f"{place}.{rank}", "w", encoding="utf-8") as file:
            file.write("\\n".join(words))
        distributed.destroy_process_group()

    if __name__ == "__main__":
        multiprocessing.start_processes(work, (sys.argv[1],), 2, start_method="fork")
    """
)


def test_processes_that_disagree_are_all_refused_and_nothing_changes(tmp_path):
    program = tmp_path / "ranks.py"
    program.write_text(PROGRAM, encoding="utf-8")
    place = tmp_path / "meeting"
    ended = subprocess.run(
        [sys.executable, program, place], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    said = [(tmp_path / f"meeting.{rank}").read_text("utf-8") for rank in (0, 1)]
    assert said[0] == said[1]
    agreed, not_a_number, *refused = said[0].splitlines()
    assert (agreed, not_a_number) == ("1.0", "0.5")
    assert "got rank 0: 2.0, rank 1: 3.0; reduce it first" in refused[0]
    assert "rank 0: 1.0, rank 1: nan" in refused[1]
