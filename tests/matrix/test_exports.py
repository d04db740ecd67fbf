"""The matrix's files: every person, every layer, in a file of its own because they take longest."""

import pytest

from tests.matrix.asking import Asker
from tests.matrix.table import FILES, PROBES, Probe, cases


@pytest.mark.parametrize(("probe", "person"), cases(FILES))
def test_files_hold_exactly_what_is_declared(asker: Asker, probe: Probe) -> None:
    assert probe in PROBES
    probe(asker)
