"""A closing line that was told at a glance is the one that reading would tell."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

import lrscope
from lrscope.recording import rows
from lrscope.report.closing import at_a_glance
from lrscope.report.summary import done_in

from .building import begin, introduce, steps, tell

USUAL = rows.UPDATED
FLAGS = st.sampled_from(
    [USUAL] * 9
    + [rows.NO_GRADIENT, rows.OVERFLOW | rows.SCALED, rows.UPDATED | rows.LATE]
    + [rows.UPDATED | rows.UNDECIDED]
)
RATES = st.sampled_from([0.1, 0.25, 1e-300, -1.0, 0.0, float("nan"), float("inf")])
CLASSES = ("SGD", "AdamW", "SGD")


@st.composite
def trainings(draw: st.DrawFn) -> list[tuple[int, int, int, list[float]]]:
    """Return steps: optimizer, columns beside the rates, flags and values."""
    optimizers = draw(st.integers(1, 3))
    usual = draw(st.booleans())
    count = draw(st.sampled_from([0, 1, 5, 150]))
    found = []
    for _ in range(count):
        number = draw(st.integers(0, optimizers - 1))
        more = draw(st.integers(0, 1))
        rate = 0.5 if usual else draw(RATES)
        flags = USUAL if usual else draw(FLAGS)
        values = [rate, *[0.25] * number, *[0.9] * more]
        found.append((number, more, flags, values))
    return found


def write(run: Path, training: list[tuple[int, int, int, list[float]]]) -> Path:
    """Record a training whose optimizers have 1, 2 and 3 groups; return its log."""
    writer = begin(run)
    layouts: dict[tuple[int, int], Any] = {}
    steps(writer, 9, [[0, "as"], [0, "wide"], [0, "as"], [0, "it"]])
    for number, name in enumerate(CLASSES):
        introduce(writer, number, name, number + 1)
    silence = writer.signature([])
    for number, more, flags, values in training:
        layout = layouts.get((number, more))
        if layout is None:
            columns = [[group, "lr"] for group in range(number + 1)]
            columns += [[0, "momentum"]] * more
            layout = layouts[number, more] = steps(writer, number, columns)
        writer.put(layout, silence, flags, values)
    tell(writer, "process_ended", exception=None)
    writer.close()
    return Path(f"{writer.path}.lrs")


@given(training=trainings())
def test_a_glance_tells_what_reading_tells_or_nothing(training):
    with tempfile.TemporaryDirectory() as directory:
        path = write(Path(directory) / "run", training)
        seen = at_a_glance(str(path))
        if seen is not None:
            process = lrscope.read_run(path.parent).main
            assert seen.parts() == done_in(process).parts()
        else:  # there was something to tell
            assert not training or any(
                flags != USUAL or values[0] != values[0] or abs(values[0]) > 1
                for _, _, flags, values in training
            )


def test_a_glance_is_enough_for_a_usual_training(tmp_path):
    training = [(1, n > 3, USUAL, [0.5 / (n + 1), 0.1, 0.9][: 3 if n > 3 else 2])
                for n in range(200)]  # fmt: skip
    skipped = [(1, False, rows.NO_GRADIENT, [0.5, 0.1])]
    path = write(tmp_path / "run", [*training[:50], *skipped, *training[50:]])
    told = at_a_glance(str(path))
    assert told.parts() == [
        "200 steps · 2 groups · 0.5 → 0.0025 (adamw/g0)",
        "1 skipped",
    ]


def test_no_glance_at_what_was_cut_or_altered(tmp_path):
    path = write(tmp_path / "run", [(0, 0, USUAL, [0.5 / n]) for n in range(1, 150)])
    whole = path.read_bytes()
    assert at_a_glance(str(path)) is not None
    cut = tmp_path / "cut.lrs"
    for end in range(len(whole)):
        cut.write_bytes(whole[:end])
        assert at_a_glance(str(cut)) is None
    for at in range(0, len(whole), 3):
        cut.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
        assert at_a_glance(str(cut)) is None
    path.with_suffix(".tail").touch()  # it was killed, or goes on
    assert at_a_glance(str(path)) is None
    assert at_a_glance(str(tmp_path / "none.lrs")) is None
