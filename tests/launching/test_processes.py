"""Which processes below a command are recorded, and what the others never notice."""

from __future__ import annotations

import json
import os

import pytest

import lrscope

SPAWNED = """
import os, sys
import torch
import torch.multiprocessing as mp

def work(number, steps):
    model = torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0 + number)
    for _ in range(steps):
        model(torch.ones(1, 2)).sum().backward()
        optimizer.step()

if __name__ == "__main__":
    mp.start_processes(work, args=(2,), nprocs=2, start_method=sys.argv[1])
    print("done")
"""


@pytest.mark.parametrize(
    "method", ["spawn", "fork", pytest.param("forkserver", marks=pytest.mark.slow)]
)
def test_each_child_of_multiprocessing_has_its_own_recording(place, method):
    script = place.write(SPAWNED)
    done = place.run("-o", "run", script, method)
    assert (done.code, done.stdout, done.theirs) == (0, b"done\n", b"")
    assert sorted(place.applied()) == [[1.0, 1.0], [2.0, 2.0]]
    processes = lrscope.read_run(place.run_directory).processes
    assert all(each.ended for each in processes)
    assert {each.command[1:] for each in processes} == {("train.py", method)}
    assert not list(place.run_directory.glob("*.tail"))


FORKED = """
import os
train(2)
child = os.fork()
if child == 0:
    train(3)
    os._exit(0) if {abruptly} else exit()
os.waitpid(child, 0)
train(1)
print("done")
"""


@pytest.mark.parametrize("abruptly", [True, False], ids=["os._exit", "exit"])
def test_a_forked_child_that_trains_leaves_the_parents_recording_alone(place, abruptly):
    script = place.write(FORKED.format(abruptly=abruptly), trains=True)
    done = place.run("-o", "run", script)
    assert (done.code, done.stdout, done.theirs) == (0, b"done\n", b"")
    run = lrscope.read_run(place.run_directory)
    child = next(
        each
        for each in run.processes
        if each.head["parent"] in {p.pid for p in run.processes}
    )
    parent = next(each for each in run.processes if each is not child)
    assert child.head["parent"] == parent.pid
    assert parent.tracks[0].applied.tolist() == place.halves[:3]
    assert child.tracks[0].applied.tolist() == place.halves[2:5]
    assert not parent.problem
    assert not child.problem


def test_a_forked_child_that_does_not_train_leaves_nothing(place):
    script = place.write(
        """
        import os
        train(2)
        child = os.fork()
        if child == 0:
            scheduler.step()
            model(torch.ones(1, 2)).sum()
            exit()
        os.waitpid(child, 0)
        train(1)
        """,
        trains=True,
    )
    done = place.run("-o", "run", script)
    assert done.theirs == b""
    assert place.applied() == [place.halves[:3]]


LOADER = """
from torch.utils.data import DataLoader
if __name__ == "__main__":
    loader = DataLoader(torch.ones(6, 2), batch_size=2, num_workers=2, multiprocessing_context="{method}")
    for epoch in range(2):
        for batch in loader:
            optimizer.zero_grad()
            model(batch).sum().backward()
            optimizer.step()
"""


@pytest.mark.parametrize(
    "method", ["fork", pytest.param("spawn", marks=pytest.mark.slow)]
)
def test_the_workers_of_a_dataloader_leave_nothing(place, method):
    script = place.write(LOADER.format(method=method), trains=True)
    done = place.run("-o", "run", script)
    assert (done.code, done.theirs) == (0, b"")
    (process,) = lrscope.read_run(place.run_directory).processes
    assert process.tracks[0].applied.tolist() == [0.5] * 6
    assert [each.steps for each in process.passes] == [3, 3]


def test_a_program_started_by_the_program_is_recorded_too(place):
    place.write("train(2)", "inner.py", trains=True)
    script = place.write(
        "import subprocess, sys\nsubprocess.run([sys.executable, 'inner.py'], check=True)"
    )
    done = place.run("-o", "run", script)
    assert done.code == 0
    assert place.applied() == [place.halves[:2]]


def test_a_run_within_a_run_is_recorded_where_it_says(place):
    place.write("train(2)", "inner.py", trains=True)
    script = place.write(
        """
        import subprocess, sys
        command = [sys.executable, "-m", "lrscope", "run", "-o", "inner", "inner.py"]
        subprocess.run(command, check=True)
        train(3)
        """,
        trains=True,
    )
    place.run("-o", "run", script)
    assert place.applied(place.path / "inner") == [place.halves[:2]]
    assert place.applied() == [place.halves[:3]]


LOADED = """
import json, sys
print(json.dumps(sorted(
    each for each in sys.modules
    if each.split(".")[0] in ("lrscope", "numpy", "click", "rich", "torch", "sitecustomize")
)))
"""


def test_a_process_without_torch_never_loads_lrscope_and_leaves_no_file(place):
    script = place.write("import email, http.client, sqlite3, asyncio\n" + LOADED)
    done = place.run(script)
    assert json.loads(done.stdout) == []
    assert os.listdir(place.path) == [script]


def test_the_recorder_loads_when_torch_optim_does_and_not_before(place):
    script = place.write(
        """
        import sys
        seen = []
        def watch(event, arguments):
            if event == "import":
                name = arguments[0].split(".")[0]
                assert name not in ("click", "rich", "plotille")
                if name == "lrscope" and not seen:
                    seen.append({"torch.optim.optimizer", "torch.optim.adam"} <= set(sys.modules))
        sys.addaudithook(watch)
        import torch
        assert seen == [True], seen
        print("in this order")
        """
    )
    done = place.run(script)
    assert (done.code, done.stdout) == (0, b"in this order\n"), done.stderr.decode()


def test_a_process_that_imports_torch_and_takes_no_step_leaves_no_file(place):
    script = place.write("train(0); scheduler.state_dict(); print('done')", trains=True)
    done = place.run("-o", "run", script)
    assert done.stdout == b"done\n"
    assert os.listdir(place.path) == [script]


def test_a_lazy_or_repeated_import_of_torch_optim_is_recorded_once(place):
    script = place.write(
        """
        import importlib.util
        assert importlib.util.find_spec("torch").name == "torch"
        def later():
            import torch
            globals()["torch"] = torch
        later()
        import torch.optim, torch.optim.sgd
        model = torch.nn.Linear(1, 1)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
        model(torch.ones(1, 1)).sum().backward()
        optimizer.step()
        spec = torch.optim.__spec__
        print(type(spec.loader).__name__, type(torch.optim.__loader__).__name__, spec.name)
        """
    )
    bare, recorded = place.twins("python", script)
    assert recorded.stdout == bare.stdout
    assert place.applied() == [[0.5]]


def test_each_of_several_processes_without_a_rank_can_be_shown(place):
    place.write("import sys; train(int(sys.argv[1]))", trains=True)
    place.write("python train.py 2\npython train.py 3", "both.sh")
    place.run("-o", "run", "bash", "both.sh")
    first, second = sorted(
        lrscope.read_run(place.run_directory).processes, key=lambda each: each.started
    )

    def show(*words):
        return place.bare(*place.lrscope, "show", "run", "--json", *words)

    for words, chosen, other, steps in (
        ([], first, second, 2),
        (["--pid", str(second.pid)], second, first, 3),
    ):
        page = json.loads(show(*words).stdout)
        assert page["rows"][0]["steps"] == steps
        assert page["process"] == (
            f"pid {chosen.pid} · 1 more recorded process "
            f"(--pid {other.pid}: python train.py {5 - steps})"
        )
    there = f"{first.pid}: python train.py 2, {second.pid}: python train.py 3"
    for words in (["--rank", "1"], ["--pid", "1"]):
        refused = show(*words)
        assert refused.code == 2
        assert refused.ours.endswith(f"; choose with --pid: {there}")
    audit = place.bare(*place.lrscope, "audit", "run").stdout.decode()
    for each, steps in ((first, 2), (second, 3)):
        assert f"  sgd, pid {each.pid}: {steps} : {steps} : {steps}" in audit


def test_a_finding_says_which_of_several_processes_it_is_about(place):
    place.write(
        """
        import sys, torch
        weight = torch.nn.Parameter(torch.ones(1))
        optimizer = torch.optim.SGD([weight], lr=0.1)
        length = int(sys.argv[1])
        scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, length)
        for _ in range(24):
            optimizer.zero_grad()
            weight.sum().backward()
            optimizer.step()
            scheduler.step()
        """
    )
    place.write("python train.py 24\npython train.py 16", "both.sh")
    place.run("-o", "both", "bash", "both.sh")
    place.run("-o", "one", "python", "train.py", "16")
    second = max(
        lrscope.read_run(place.path / "both").processes, key=lambda each: each.started
    )
    for form in ("text", "markdown"):
        both = place.bare(*place.lrscope, "audit", "both", "--format", form).stdout
        one = place.bare(*place.lrscope, "audit", "one", "--format", form).stdout
        assert f"sgd, steps 16–23, pid {second.pid}" in both.decode()
        assert "sgd, steps 16–23" in one.decode()
        assert "pid" not in one.decode()


def test_sealing_loads_nothing_of_numpy_that_torch_does_not(place):
    script = place.write(
        """
        import sys, torch, lrscope
        weight = torch.nn.Parameter(torch.ones(1))
        optimizer = torch.optim.SGD([weight], lr=0.5)
        def train():
            weight.sum().backward()
            optimizer.step()
            return {each for each in sys.modules if each.startswith("numpy")}
        before = train()
        with lrscope.record("run"):
            train()
        print(sorted(train() - before))
        """
    )
    assert place.bare("python", script).stdout == b"[]\n"


TWO = """
import subprocess, sys
for kind in ("negative", "decays"):
    subprocess.run([sys.executable, sys.argv[1], kind], check=True)
"""

ONE = """
import sys
import torch

model = torch.nn.Linear(2, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
for step in range(60):
    model(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    if sys.argv[1] == "decays":
        scheduler.step()
    elif step == 4:
        optimizer.param_groups[0]["lr"] = -0.25
"""


def test_what_one_program_does_explains_nothing_about_another(place):
    both = place.write(TWO), place.write(ONE, "one.py")
    done = place.run("--audit", "-o", "run", "python", *both)
    findings = lrscope.audit_run(place.path / "run").findings
    found = {each.code for each in findings if str(each.severity) != "info"}
    assert found == {"LR801", "LR802"}
    assert len({each.pid for each in findings}) == 2
    assert (b"LR801" in done.stderr, b"LR802" in done.stderr) == (True, True)
