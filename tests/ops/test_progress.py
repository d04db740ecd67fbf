"""Progress: plain lines where there is no terminal, times whatever happens."""

import io

import pytest

from layers.text import Text
from ops.progress import Progress, Step

TITLE = Text(th="ทดสอบ", en="Testing")


def test_without_a_terminal_there_are_plain_lines_and_a_time() -> None:
    stream = io.StringIO()
    progress = Progress(stream)
    with progress.step(TITLE) as step:
        step.note("something\nlong")
    lines = stream.getvalue().splitlines()
    assert lines[0] == "… ทดสอบ · Testing"
    assert lines[1].startswith("✓ ทดสอบ · Testing (")
    assert "\r" not in stream.getvalue()
    assert [title for title, _ in progress.times] == ["ทดสอบ · Testing"]


def test_a_step_that_fails_is_marked_and_still_timed() -> None:
    stream = io.StringIO()
    progress = Progress(stream)
    with pytest.raises(ValueError, match="no"), progress.step(TITLE):
        raise ValueError("no")
    assert stream.getvalue().splitlines()[-1].startswith("✗ ")
    progress.summary()
    assert "total" in stream.getvalue().splitlines()[-1]


@pytest.mark.parametrize(
    ("done", "total", "shown"),
    [(5, 12_000, "rows 5/12,000"), (1200, None, "rows 1,200"), (0, None, "rows")],
)
def test_reports_say_how_far_the_work_is(done: int, total: int | None, shown: str) -> None:
    step = Step("x", 0.0)
    step.report("rows", done, total)
    assert step.latest == shown


def test_rate_and_remaining_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("ops.progress.time.monotonic", lambda: now[0])
    step = Step("งาน · work", now[0])
    step.report("load", 20_000, 100_000)
    assert step.pace() == ""
    now[0] += 2
    step.report("load", 60_000, 100_000)
    assert step.latest == "load 60,000/100,000"
    assert step.pace() == " 20,000/s, 0:02 เหลือ · left"
    assert step.pace(bar=True).startswith(" [############........] 60%")
    now[0] += 1
    assert "0:01" in step.pace()
    # another piece of the work begins anew
    step.report("check", 0, None)
    assert step.pace() == ""
