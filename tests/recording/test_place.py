"""Where runs lie: segments, the rules of -o, the newest run, and what is no run."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import lrscope
from lrscope.errors import NewerFormat, NotARun, RecordingError, UsageError
from lrscope.recording import opening, place
from lrscope.recording.log import FORMAT, MAGIC

from .building import COMMAND, begin, train


def cli(*words: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lrscope", *map(str, words)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def refused(*words: object, cwd: Path, code: int) -> str:
    """Run lrscope, check that it says one line on stderr only, and return it."""
    done = cli(*words, cwd=cwd)
    assert done.returncode == code
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1
    return done.stderr


def recorded(run: Path, count: int = 8) -> Path:
    writer = begin(run)
    train(writer, count)
    writer.close()
    return run


def test_segments_are_numbered_in_order_and_touch_no_earlier_one(
    tmp_path: Path,
) -> None:
    recorded(tmp_path, 5)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    recorded(tmp_path, 9)
    recorded(tmp_path, 12)
    assert {path: path.read_bytes() for path in before} == before
    run = lrscope.read_run(tmp_path)
    assert [each.number for each in run.segments] == [0, 1, 2]
    assert [each.segment for each in run.processes] == [0, 1, 2]
    updates = [each.ratio().updates for each in run.processes]
    assert updates == sorted(set(updates))
    assert run.main.segment == 2


def test_segments_beyond_999_keep_their_order(tmp_path: Path) -> None:
    recorded(tmp_path)
    (tmp_path / "segment000.json").rename(tmp_path / "segment999.json")
    assert opening.begin_segment(tmp_path, COMMAND).number == 1000
    assert opening.begin_segment(tmp_path, COMMAND).number == 1001
    assert [each.number for each in place.segments_of(tmp_path)] == [999, 1000, 1001]


def test_segments_begun_at_once_get_different_numbers(tmp_path: Path) -> None:
    found = []
    threads = [
        threading.Thread(
            target=lambda: found.append(opening.begin_segment(tmp_path, COMMAND))
        )
        for _ in range(16)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(each.number for each in found) == list(range(16))


def test_the_lowest_rank_of_the_last_segment_comes_first(tmp_path: Path) -> None:
    for rank, pid in ((10, 1), (2, 3), (0, 7), (1, 2)):
        writer = begin(tmp_path, rank=rank, pid=pid, segment=0)
        writer.close()
    run = lrscope.read_run(tmp_path)
    assert run.main.rank == 0


def test_how_a_segment_ended_is_told(tmp_path: Path) -> None:
    recorded(tmp_path)
    opened = opening.begin_segment(tmp_path, COMMAND)
    before = lrscope.read_run(tmp_path).segments[1]
    assert (before.ended, before.exit_code) == (None, None)
    opening.end_segment(opened, -9)
    after = lrscope.read_run(tmp_path).segments[1]
    assert after.exit_code == -9
    assert after.ended is not None
    assert after.ended >= after.started == before.started
    assert after.command == tuple(COMMAND)


def test_secrets_in_a_command_are_not_written(tmp_path: Path) -> None:
    command = ["python", "train.py", "--api-key", "abc123", "--token=xyz789"]
    opening.begin_segment(tmp_path, command)
    text = (tmp_path / "segment000.json").read_text()
    assert "abc123" not in text
    assert "xyz789" not in text
    assert "train.py" in text


@pytest.mark.parametrize("broken", [b"", b"{", b"\xff\xfe", b"[]", b"{}", b'{"format": 1}',
    b'{"format": 1, "command": 5}', b'{"format": 1, "started": null}',
    b'{"format": 1, "started": "soon"}'])  # fmt: skip
def test_a_broken_announcement_hides_no_recording(
    tmp_path: Path, broken: bytes
) -> None:
    recorded(tmp_path)
    true = lrscope.read_run(tmp_path).main.ratio()
    (tmp_path / "segment000.json").write_bytes(broken)
    try:
        found = lrscope.read_run(tmp_path).main.ratio()
    except RecordingError as error:
        assert "segment000.json" in str(error)  # noqa: PT017 - either is right
    else:
        assert found == true


def test_a_newer_format_is_refused_in_words(tmp_path: Path) -> None:
    run = recorded(tmp_path / "run")
    (log,) = run.glob("*.lrs")
    data = log.read_bytes()
    log.write_bytes(struct.pack("<8sI", MAGIC, FORMAT + 1) + data[12:])
    with pytest.raises(NewerFormat, match=f"format {FORMAT + 1}"):
        lrscope.read_run(run)
    told = refused("show", run, cwd=tmp_path, code=3)
    assert log.name in told
    assert f"format {FORMAT + 1}" in told
    assert "upgrade" in told


def test_a_newer_announcement_is_refused_in_words(tmp_path: Path) -> None:
    run = recorded(tmp_path / "run")
    path = run / "segment000.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": FORMAT + 1}))
    told = refused("show", run, cwd=tmp_path, code=3)
    assert f"format {FORMAT + 1}" in told
    assert "upgrade" in told


def test_an_empty_directory_is_no_run(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(NotARun):
        lrscope.read_run(tmp_path / "empty")
    told = refused("show", "empty", cwd=tmp_path, code=3)
    assert "empty" in told
    assert "lrscope run" in told


def test_a_missing_directory_and_a_file_are_no_runs(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert "does not exist" in refused("show", "nothing", cwd=tmp_path, code=3)
    assert "the file" in refused("show", "file", cwd=tmp_path, code=3)
    assert "lrscope run" in refused("show", cwd=tmp_path, code=3)


def test_output_on_a_file_or_on_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").write_text("mine")
    told = refused("run", "-o", "file", "true", cwd=tmp_path, code=2)
    assert "the file" in told
    told = refused("run", "-o", "other", "true", cwd=tmp_path, code=2)
    assert "other files" in told
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["notes.txt"]
    told = refused("run", "-o", "", "true", cwd=tmp_path, code=2)
    assert "got . with other files" in told
    assert "command" in refused("run", cwd=tmp_path, code=2)


def test_output_goes_to_a_new_an_empty_or_an_earlier_run(tmp_path: Path) -> None:
    assert Path(opening.chosen_run(tmp_path / "a" / "b")).is_dir()
    (tmp_path / "empty").mkdir()
    assert opening.chosen_run(tmp_path / "empty") == str(tmp_path / "empty")
    run = recorded(tmp_path / "run")
    assert opening.chosen_run(run) == str(run)
    assert opening.chosen_run(f"{run}/") == str(run)
    with pytest.raises(UsageError, match="file"):
        opening.chosen_run(tmp_path / "run" / "segment000.json")


def test_a_command_that_takes_no_step_leaves_nothing_behind(tmp_path: Path) -> None:
    done = cli("run", "-o", "run", "true", cwd=tmp_path)
    assert done.returncode == 0
    assert "no optimizer step was seen" in done.stderr
    assert list(tmp_path.iterdir()) == []
    assert refused("run", "no-such-command-here", cwd=tmp_path, code=127)
    assert list(tmp_path.iterdir()) == []


def test_the_newest_run_is_the_one_begun_or_continued_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    runs = [Path(opening.new_run(["python", f"{name}.py"])) for name in "ab"]
    assert [run.name.endswith(f"-{name}") for run, name in zip(runs, "ab")] == [
        True,
        True,
    ]
    for age, run in enumerate(runs):
        recorded(run)
        os.utime(run / "segment000.json", (1000 + age, 1000 + age))
    assert place.latest_run() == runs[1]
    recorded(runs[0])
    assert place.latest_run() == runs[0]
    assert json.loads(cli("show", "--json", cwd=tmp_path).stdout)["run"] == str(runs[0])


def test_the_newest_run_holds_a_recording_unless_it_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    empty = opening.begin_segment(opening.new_run(["begun.py"]), COMMAND)
    opening.end_segment(empty, 0)
    told = refused("show", cwd=tmp_path, code=3)
    assert "no optimizer step was seen in the only run in lrscope-runs/" in told
    run = recorded(Path(opening.new_run(["trained.py"])))
    os.utime(run / "segment000.json", (1000, 1000))
    assert place.latest_run() == place.latest_run(even_without_step=True) == run
    waiting = opening.begin_segment(opening.new_run(["later.py"]), COMMAND)
    assert place.latest_run() == run
    assert place.latest_run(even_without_step=True) == Path(waiting.run)


def test_runs_of_one_script_in_one_second_are_kept_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    runs = {Path(opening.new_run(["-m", "pkg.train"])) for _ in range(5)}
    assert len(runs) == 5
    assert all("pkg.train" in run.name for run in runs)
