"""``lrscope show --follow`` beside a training, from its first steps to its end."""

from __future__ import annotations

import subprocess
import sys

SLOWLY = """
import time
for _ in range(6):
    train(1)
    time.sleep(0.4)
"""


def test_show_waits_for_a_training_and_follows_it_to_its_end(place):
    script = place.write(SLOWLY, trains=True)
    words = [*place.lrscope, "show", "--follow", "run"]
    following = subprocess.Popen(
        words,
        cwd=place.path,
        env={**place.environment, "FORCE_COLOR": "1"},  # shows each look, not the last
        stdout=subprocess.PIPE,
    )
    try:
        waiting = b""
        while b"run: waiting for the run" not in waiting:
            waiting += following.stdout.read1()
        place.run("-o", "run", "python", script)
        shown, _ = following.communicate(timeout=60)
    finally:
        following.kill()
        following.wait()
    assert following.returncode == 0
    assert b"6 : 6 : 6 : 0 : 0" in shown


def test_show_does_not_wait_for_a_training_that_is_gone(place):
    script = place.write(
        """
        import lrscope, time
        with lrscope.record("run"):
            train(3)
            print("ready", flush=True)
            time.sleep(600)
        """,
        trains=True,
    )
    with subprocess.Popen(
        [sys.executable, script],
        cwd=place.path,
        env=place.environment,
        stdout=subprocess.PIPE,
    ) as training:
        assert training.stdout.readline() == b"ready\n"
        shown = place.bare(*place.lrscope, "show", "run").stdout
        training.kill()
    assert b"running, or killed before it could end" in shown
    shown = place.bare(*place.lrscope, "show", "--follow", "run").stdout
    assert b"killed before it could end" in shown
    assert b"running" not in shown
