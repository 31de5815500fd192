"""``lrscope show --follow`` beside a training, from its first steps to its end."""

from __future__ import annotations

import subprocess
import time

SLOWLY = """
import time
for _ in range(6):
    train(1)
    time.sleep(0.4)
"""


def test_show_follows_a_training_to_its_end(place):
    script = place.write(SLOWLY, trains=True)
    words = [*place.lrscope, "run", "-o", "run", "python", script]
    training = subprocess.Popen(
        words, cwd=place.path, env=place.environment, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 60
        while not list(place.run_directory.glob("*.lrs")):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        shown = place.bare(*place.lrscope, "show", "--follow", "run")
        assert training.poll() is not None or training.wait(10) == 0
    finally:
        training.kill()
        training.wait()
    assert shown.code == 0
    assert b"6 : 6 : 6 : 0 : 0" in shown.stdout
