"""A command ends under ``lrscope run`` as it ends bare: exit codes and signals."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import time

import pytest

ENDINGS = {
    "falling off the end": "",
    "an exception": "raise ValueError('no good')",
    "SystemExit(3)": "raise SystemExit(3)",
    "SystemExit with words": "import sys; sys.exit('stop here')",
    "os._exit": "import os; os._exit(7)",
    "KeyboardInterrupt": "raise KeyboardInterrupt",
    "SIGTERM": "import os; os.kill(os.getpid(), 15)",
    "SIGKILL": "import os; os.kill(os.getpid(), 9)",
}


RARE = {"os._exit", "KeyboardInterrupt", "SystemExit with words", "falling off the end"}


@pytest.mark.parametrize(
    "ending",
    [
        pytest.param(each, marks=[pytest.mark.slow] if each in RARE else [])
        for each in ENDINGS
    ],
)
def test_a_program_that_trained_ends_as_it_ends_bare(place, ending):
    script = place.write("train(3)\n" + ENDINGS[ending], trains=True)
    bare, recorded = place.twins("python", script)
    assert recorded.code == bare.code
    assert recorded.stdout == bare.stdout
    assert recorded.theirs == bare.stderr
    assert place.applied() == [place.halves[:3]]


def test_the_ending_and_the_exception_are_in_the_recording(place):
    import lrscope

    script = place.write("train(1)\nraise ValueError('no good')", trains=True)
    place.run("-o", "run", "python", script)
    (process,) = lrscope.read_run(place.run_directory).processes
    text = str(list(process.events)[-1])
    assert "ValueError" in text
    assert "no good" in text


@pytest.mark.parametrize(
    ("end", "told"),
    [
        ("SIGKILL", "killed by SIGKILL before it could end"),
        ("SystemExit(3)", "ended, exit code 3"),
    ],
)
def test_a_signal_that_ended_a_program_is_shown_by_its_name(place, end, told):
    place.run("-o", "run", place.write("train(2)\n" + ENDINGS[end], trains=True))
    shown = place.bare(*place.lrscope, "show", "run", "--json")
    assert json.loads(shown.stdout)["state"] == told


@pytest.mark.parametrize("ending", [each for each in ENDINGS.values() if each])
def test_a_program_without_torch_ends_as_it_ends_bare(place, ending):
    bare, recorded = place.twins("python", place.write(ending))
    assert recorded.code == bare.code
    assert recorded.theirs == bare.stderr


WAITING = """
import signal, sys, time
caught = []
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1):
    signal.signal(number, lambda got, frame: caught.append(got))
print("ready", flush=True)
end = time.monotonic() + 60
while not caught and time.monotonic() < end:
    time.sleep(0.01)
print(*map(int, caught), flush=True)
sys.exit(40 + len(caught))
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1"])
def test_a_signal_sent_to_the_launcher_reaches_the_program_once(place, name):
    process = _started(place, place.write(WAITING))
    process.send_signal(getattr(signal, name))
    out, _ = process.communicate(timeout=60)
    assert out.split() == [str(int(getattr(signal, name))).encode()]
    assert process.returncode == 41


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_program_ended_by_a_passed_on_signal_ends_the_launcher_the_same_way(
    place, name
):
    script = place.write(
        """
        train(2)
        import time
        print("ready", flush=True)
        end = time.monotonic() + 60
        while time.monotonic() < end:
            train(0)
        """,
        trains=True,
    )
    process = _started(place, script)
    process.send_signal(getattr(signal, name))
    process.communicate(timeout=60)
    assert process.returncode == -getattr(signal, name)
    assert place.applied() == [place.halves[:2]]


def test_a_killed_launcher_leaves_a_program_that_trains_on_and_records(place):
    script = place.write(
        """
        train(2)
        import sys
        print("ready", flush=True)
        sys.stdin.read()
        train(2)
        """,
        trains=True,
    )
    process = _started(place, script)
    process.kill()
    process.communicate(timeout=60)  # the program holds stdout until it ends
    assert place.applied() == [place.halves[:4]]


def _started(place, script):
    process = subprocess.Popen(
        [*place.lrscope, "run", "-o", "run", "python", script],
        cwd=place.path,
        env=place.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout.readline() == b"ready\n"
    return process


CTRL_C = """
import os, signal, sys, time
print(*[os.isatty(each) for each in (0, 1, 2)], flush=True)
interrupts, begun = 0, False
for _ in range(8):
    begun, end = False, time.monotonic() + 60
    while time.monotonic() < end:
        try:
            if not begun:
                begun = True
                print("ready", flush=True)
            while time.monotonic() < end:
                time.sleep(0.01)
        except KeyboardInterrupt:
            interrupts += 1
            end = time.monotonic() + 0.1  # time for a second one to arrive
print("interrupts", interrupts, flush=True)
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.kill(os.getpid(), signal.SIGINT)
"""


@pytest.mark.parametrize("under", ["bare", "recorded"])
def test_each_ctrl_c_at_a_terminal_is_exactly_one_keyboard_interrupt(place, under):
    script = place.write(CTRL_C)
    command = ["python", script]
    if under == "recorded":
        command = [*place.lrscope, "run", "-o", "run", *command]
    shown, code = _at_a_terminal(place, command)
    assert "True True True" in shown
    assert "interrupts 8\r\n" in shown
    assert code == -signal.SIGINT


def _at_a_terminal(place, command):
    """Run a command at a terminal of its own, type Ctrl-C each time it is ready."""
    child, terminal = pty.fork()
    if child == 0:
        try:
            os.chdir(place.path)
            os.execvpe(command[0], command, place.environment)
        finally:
            os._exit(99)
    shown, typed = b"", 0
    end = time.monotonic() + 60
    try:
        while time.monotonic() < end:
            if not select.select([terminal], [], [], 1)[0]:
                continue
            try:
                got = os.read(terminal, 4096)
            except OSError:  # Linux: nobody has the terminal open any more
                break
            if not got:
                break
            shown += got
            while shown.count(b"ready") > typed:
                os.write(terminal, b"\x03")
                typed += 1
    finally:
        os.close(terminal)
    _, status = os.waitpid(child, 0)
    return shown.decode(), os.waitstatus_to_exitcode(status)


def test_where_ends_of_children_are_ignored_the_launcher_waits_all_the_same(place):
    place.write("train(3)", trains=True)
    ignoring = "trap '' CHLD; exec \"$@\""
    words = ("run", "-o", str(place.run_directory), "python", "train.py")
    done = place.bare("bash", "-c", ignoring, "bash", *place.lrscope, *words)
    assert (done.code, done.ours.count("3 steps")) == (0, 1)
    assert place.applied() == [place.halves[:3]]


def test_a_variable_without_a_name_is_no_reason_not_to_start(place):
    words = (*place.lrscope, "run", "-o", "run", "true")
    done = place.bare("env", "=x=1", *words)
    assert done.code == 0
    assert "Traceback" not in done.stderr.decode()
