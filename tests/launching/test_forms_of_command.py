"""Every form of COMMAND is run as a shell would run it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

import pytest

TRAIN = "import sys\ntrain(3)\nprint(sys.argv[1:], __name__)"


@pytest.fixture
def training(place):
    """Write the same training as a script, a module and a shell script."""
    place.write(TRAIN, trains=True)
    place.write("", "package/__init__.py")
    place.write(TRAIN, "package/train.py", trains=True)
    place.write('exec python train.py "$@"', "train.sh")
    starter = place.path / "starter"
    starter.write_text(f"#!{sys.executable}\n" + (place.path / "train.py").read_text())
    starter.chmod(0o755)
    return place


@pytest.mark.parametrize(
    "command",
    [
        ["train.py"],
        ["--", "-m", "package.train"],
        ["python", "-u", "-X", "dev", "-W", "ignore", "train.py"],
        ["bash", "train.sh"],
        pytest.param(["-m", "package.train"], marks=pytest.mark.slow),
        pytest.param(["--", "train.py"], marks=pytest.mark.slow),
        pytest.param([sys.executable, "-m", "package.train"], marks=pytest.mark.slow),
        pytest.param(["./starter"], marks=pytest.mark.slow),
        pytest.param(["env", "A=1", "python", "train.py"], marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_a_form_of_command_runs_and_is_recorded(training, command):
    done = training.run("-o", "run", *command, "--lr", "1", "-o", "x", "--print")
    assert done.stdout == b"['--lr', '1', '-o', 'x', '--print'] __main__\n"
    assert done.code == 0
    assert training.applied() == [training.halves[:3]]


def test_a_shorthand_runs_the_python_that_lrscope_runs_on(place):
    place.write("import sys; print(sys.executable)")
    for command in (["train.py"], ["-m", "train"]):
        done = place.run(*command)
        assert done.stdout.decode().strip() == sys.executable


def test_a_program_beside_this_python_is_found_without_activation(place):
    if not os.access(
        os.path.join(os.path.dirname(sys.executable), "torchrun"), os.X_OK
    ):
        pytest.skip("no torchrun beside this Python")
    done = place.run("torchrun", "--help", PATH="/usr/bin:/bin")
    assert done.code == 0
    assert b"nproc" in done.stdout


def test_a_missing_command_is_127_as_in_a_shell(place):
    done = place.run("no-such-program", "--lr", "1")
    assert done.code == 127
    assert re.fullmatch(
        r"lrscope: cannot start 'no-such-program': .+", done.stderr.decode().strip()
    )
    assert os.listdir(place.path) == []


@pytest.mark.parametrize(
    "words",
    [
        ["--effective", "every=5"],
        ["--audit", "--effective", "every=5,by=parameter"],
        ["budget=1%"],
        ["by=group"],
    ],
    ids=" ".join,
)
def test_a_form_of_effective_that_stands_apart_is_told_where_it_belongs(place, words):
    done = place.run(*words, "python", "train.py")
    assert done.code == 127
    assert re.fullmatch(
        rf"lrscope: cannot start '{words[-1]}': .+; "
        rf"did you mean --effective={words[-1]}\?",
        done.stderr.decode().strip(),
    )
    assert os.listdir(place.path) == []


@pytest.mark.parametrize("word", ["every", "LR=5", "no-such=program", "by"])
def test_other_words_that_cannot_start_get_no_such_hint(place, word):
    done = place.run(word)
    assert done.code == 127
    assert b"did you mean" not in done.stderr


def test_a_file_that_cannot_be_executed_is_126_as_in_a_shell(place):
    name = place.write("echo hello", "plain.sh")
    (place.path / name).chmod(0o644)
    done = place.run(f"./{name}")
    assert done.code == 126
    assert "'./plain.sh'" in done.ours
    assert os.listdir(place.path) == [name]


@pytest.mark.parametrize(
    ("name", "mode", "code", "hint"),
    [
        ("train.sh", 0o644, 127, "; type: lrscope run bash train.sh"),
        ("./train.sh", 0o644, 126, "; type: lrscope run bash ./train.sh"),
        ("no head.sh", 0o755, 127, "lrscope run './no head.sh'"),
        ("start", 0o755, 127, "; for the file here type: lrscope run ./start"),
        ("./start", 0o644, 126, "name the program that runs it, too"),
    ],
)
def test_a_file_that_lies_here_but_cannot_start_is_told_how(
    place, name, mode, code, hint
):
    path = place.path / place.write("echo hello", name)
    path.chmod(mode)
    done = place.run(name)
    assert done.code == code
    assert done.ours.endswith(hint)
    assert len(done.stderr.splitlines()) == 1
    assert os.listdir(place.path) == [path.name]


@pytest.mark.parametrize(
    "command", [["./"], ["-o", "run", "no-such-program"]], ids=" ".join
)
def test_a_command_that_cannot_start_leaves_nothing(place, command):
    done = place.run(*command)
    assert done.code in (126, 127)
    assert len(done.stderr.splitlines()) == 1
    assert os.listdir(place.path) == []


def test_a_missing_script_is_reported_by_python_as_it_is_bare(place):
    bare, recorded = place.twins("python", "absent.py")
    assert recorded.code == bare.code == 2
    assert recorded.theirs == bare.stderr


@pytest.mark.parametrize(
    "words", [[], ["--"], ["-o", "run"], ["-o", "run", "--"]], ids=" ".join
)
def test_no_command_at_all_is_a_usage_error(place, words):
    done = place.run(*words)
    assert done.code == 2
    assert re.fullmatch(
        r"lrscope: run needs a command, got none; .+", done.stderr.decode().strip()
    )
    assert os.listdir(place.path) == []


DISTRIBUTED = """
import os, sys
import torch.distributed as dist
dist.init_process_group("gloo")
rank = dist.get_rank()
model = torch.nn.parallel.DistributedDataParallel(model)
optimizer.param_groups[0]["lr"] = scheduler.base_lrs[0] = 1.0 + rank
train(2)
# one write: torchrun runs its workers with -u, and two write into one pipe
sys.stdout.write(f"rank {rank} of {dist.get_world_size()}\\n")
dist.destroy_process_group()
sys.exit(int(sys.argv[1]) if rank == 1 else 0)
"""


@pytest.mark.xdist_group("torchrun")
@pytest.mark.parametrize("code", [0, 5])
def test_torchrun_with_two_processes_makes_two_recordings(place, finished, code):
    import lrscope

    def attempt():
        shutil.rmtree(place.run_directory, ignore_errors=True)
        return place.run("-o", "run", "--print", "step", *command)

    script = place.write(DISTRIBUTED, trains=True)
    command = ["torchrun", "--standalone", "--nproc_per_node", "2", script, str(code)]
    done = finished(attempt)
    assert done.code == (1 if code else 0)
    assert sorted(done.stdout.splitlines()) == [b"rank 0 of 2", b"rank 1 of 2"]
    run = lrscope.read_run(place.run_directory)
    assert [each.rank for each in run.processes] == [0, 1]
    assert {each.world_size for each in run.processes} == {2}
    assert place.applied() == [[1.0, 0.5], [2.0, 1.0]]
    assert run.main.rank == 0
    printed = [
        each for each in done.stderr.decode().splitlines() if each.startswith("step ")
    ]
    assert len(printed) == 2  # by rank 0 alone
    names = sorted(each.name for each in place.run_directory.glob("*.lrs"))
    assert [re.sub(r"pid\d+", "pid", each) for each in names] == [
        "segment000-rank0-pid.lrs",
        "segment000-rank1-pid.lrs",
    ]


def test_a_pipeline_keeps_flowing(place):
    script = place.write(
        "train(1)\nfor number in range(100000): print(number)", trains=True
    )
    text = f"{sys.executable} -m lrscope run -o run python {script} | head -n 1"
    done = subprocess.run(
        ["bash", "-c", text],
        cwd=place.path,
        env=place.environment,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == b"0\n"
    assert place.applied() == [place.halves[:1]]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--efective"], "run has no option --efective; did you mean --effective?"),
        (["--outptu=x"], "run has no option --outptu=x; did you mean --output?"),
        (["-z"], "run has no option -z; see: lrscope run --help"),
        (["--effective", "4"], "did you mean --effective=every=4 or --print 4?"),
    ],
)
def test_an_option_that_there_is_not_is_no_command(tmp_path, words, told):
    done = subprocess.run(
        [sys.executable, "-m", "lrscope", "run", *words, "python", "train.py"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode in (2, 127)
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["shwo", "a"], "did you mean: lrscope show?"),
        (["sh", "a b.sh"], "did you mean: lrscope run sh 'a b.sh'?"),
        (["train.py", "--lr", "1"], "did you mean: lrscope run train.py --lr 1?"),
        (["runs"], "did you mean: lrscope show runs?"),
        (["xyzzy"], "see: lrscope -h"),
    ],
)
def test_a_word_that_is_no_command_is_told_what_may_be_meant(tmp_path, words, meant):
    (tmp_path / "runs").mkdir()
    (tmp_path / "train.py").touch()
    done = subprocess.run(
        [sys.executable, "-m", "lrscope", *words],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"lrscope: there is no command {words[0]!r}; {meant}\n"
