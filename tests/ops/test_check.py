"""The whole check: a failed step stops nothing and is not forgotten."""

from io import StringIO

import pytest

from layers.errors import UnavailableError
from layers.text import Text
from ops.check_steps import Check, python_checks, run_checks, type_checks
from ops.checkout import Checkout
from ops.commands.test import _pytest
from ops.programs import run
from ops.progress import Progress


def step(title: str, *command: str) -> Check:
    return Check(Text(th=title, en=title), lambda: run(command))


def test_a_failed_step_stops_nothing_and_shows_what_it_said() -> None:
    stream = StringIO()
    failed = run_checks(
        [
            step("one", "true"),
            step("two", "sh", "-c", "echo bad line 7; exit 3"),
            step("three", "true"),
        ],
        Progress(stream),
    )
    assert [title.en for title in failed] == ["two"]
    shown = stream.getvalue()
    assert "bad line 7" in shown
    assert "✓ one" in shown
    assert "✗ two" in shown
    assert "✓ three" in shown


def test_a_program_that_is_not_there_is_a_failure_too() -> None:
    with pytest.raises(UnavailableError, match="no-such-program"):
        run(["no-such-program"])


def test_the_check_has_every_kind_of_step() -> None:
    checkout = Checkout.here()
    checks = [*type_checks(checkout), *python_checks(checkout)]
    titles = " ".join(check.title.en for check in checks)
    for kind in ("ruff check", "ruff format", "mypy", "import-linter", "sqlfluff"):
        assert kind in titles


@pytest.mark.parametrize(
    ("arguments", "passed"),
    [(["tests/ops/test_tuning.py"], True), (["tests/ops/test_tuning.py", "-k", "nothing"], False)],
)
def test_pytest_s_closing_line_and_status_are_kept(
    arguments: list[str], passed: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    closing, ok = _pytest(Checkout.here(), Progress(StringIO()), arguments, {})
    assert ok is passed
    assert ("passed" in closing) is passed
    assert closing.removeprefix("pytest: ") in capsys.readouterr().out
