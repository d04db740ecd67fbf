"""The command line: every command is there, and every ending has its status and sentence."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from layers.errors import BadRequestError, MuangError, RefusedError
from layers.text import Text
from ops import cli
from ops.checkout import Checkout
from ops.commands import MODULES
from tests.ops.conftest import ROOT, environment

SENTENCE = Text(th="ไฟล์ว่าง", en="The file is empty.")


def muang(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-P", "-m", "ops", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment() | {"PYTHONPATH": str(ROOT)},
        check=False,
    )


def test_help_names_every_command() -> None:
    done = muang("--help")
    assert done.returncode == 0
    for name in MODULES:
        assert f"\n  {name} " in done.stdout


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["up", "--nonsense"], ["up", "--port", "x"], ["token", "new"]]
)
def test_wrong_usage_is_status_2_and_says_so_on_stderr(arguments: list[str]) -> None:
    done = muang(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr


@pytest.mark.parametrize(
    ("error", "status"), [(RefusedError(SENTENCE), 1), (BadRequestError(SENTENCE), 2)]
)
def test_an_error_ends_with_its_sentence_in_both_languages(
    error: MuangError,
    status: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    _run_raising(error, monkeypatch, status)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.splitlines() == [SENTENCE.th, SENTENCE.en]


def test_the_unexpected_is_written_down_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("ops.checkout.Checkout.here", lambda: Checkout(tmp_path))
    _run_raising(ValueError("secret detail"), monkeypatch, 1)
    shown = capsys.readouterr().err
    written = list((tmp_path / ".muang" / "log").glob("error-*.txt"))
    assert len(written) == 1
    assert "secret detail" in written[0].read_text()
    assert written[0].name in shown
    assert "secret detail" not in shown


def _run_raising(error: Exception, monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    def fail(**_: object) -> None:
        raise error

    monkeypatch.setattr(cli, "build_app", lambda _: fail)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == status


def test_status_prints_one_object_and_starts_nothing() -> None:
    done = muang("status", "--json")
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert facts.keys() == {"server", "database", "towns"}


def test_doctor_prints_one_object_also_when_something_is_wrong() -> None:
    done = muang("doctor", "--json")
    facts = json.loads(done.stdout)
    assert done.returncode == (0 if facts["ok"] else 1)
    checks = {check["name"] for check in facts["checks"]}
    assert {"python", "memory", "disk", "postgis", "port"} <= checks
