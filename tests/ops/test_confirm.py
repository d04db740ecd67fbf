"""What a person has to confirm is asked at a terminal, and elsewhere told as a command."""

import io
import sys
from collections.abc import Sequence

import pytest

from layers.errors import RefusedError
from layers.text import Text
from ops.confirm import with_confirmation

COMMAND = ["import", "parcels", "แปลง 2568.shp", "--mode", "replace"]


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class Import:
    """Refuses until the CRS is said."""

    def __init__(self) -> None:
        self.ran: list[list[str]] = []

    def __call__(self, words: Sequence[str]) -> None:
        self.ran.append(list(words))
        if words[-1] != "EPSG:24048":
            raise RefusedError(Text(th="ยืนยัน", en="Confirm."), proposed_crs="EPSG:24048")


def test_without_a_terminal_the_exact_command_is_told() -> None:
    command = Import()
    with pytest.raises(RefusedError) as refused:
        with_confirmation(command, COMMAND)
    line = "./muang import parcels 'แปลง 2568.shp' --mode replace --crs EPSG:24048"
    assert line in refused.value.detail.en
    assert line in refused.value.detail.th
    assert len(command.ran) == 1


@pytest.mark.parametrize(("answer", "runs"), [("y\n", 2), ("ใช่\n", 2), ("\n", 1), ("no\n", 1)])
def test_at_a_terminal_the_person_is_asked(
    monkeypatch: pytest.MonkeyPatch, answer: str, runs: int
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    monkeypatch.setattr(sys, "stderr", said := Terminal())
    command = Import()
    if runs == 1:
        with pytest.raises(RefusedError):
            with_confirmation(command, COMMAND)
    else:
        with_confirmation(command, COMMAND)
        assert command.ran[-1] == [*COMMAND, "--crs", "EPSG:24048"]
    assert len(command.ran) == runs
    assert "--crs EPSG:24048" in said.getvalue()


def test_a_boundary_has_an_option_of_its_own() -> None:
    with pytest.raises(RefusedError, match="--boundary-crs EPSG:24048"):
        with_confirmation(Import(), ["town", "new", "t", "--crs", "EPSG:32648"])


def test_other_refusals_pass() -> None:
    def refuse(_words: Sequence[str]) -> None:
        raise RefusedError(Text(th="ไม่", en="No."))

    with pytest.raises(RefusedError, match=r"^No\.$"):
        with_confirmation(refuse, COMMAND)
