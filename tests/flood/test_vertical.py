"""Vertical datums: recognised in words, never converted silently."""

import pytest

from flood.vertical import Datum, conversion, recognise, together
from layers.errors import RefusedError


@pytest.mark.parametrize(
    ("words", "datum"),
    [
        ("MSL (Ko Lak)", Datum.KOLAK_1915),
        ("Kolak-1915", Datum.KOLAK_1915),
        ("ม.รทก.", Datum.KOLAK_1915),
        ("EGM2008 height", Datum.EGM2008),
        ("EGM96", Datum.EGM96),
        ("NAVD88", Datum.NAVD88),
        ("metres", None),
        (None, None),
    ],
)
def test_words_are_recognised(words: str | None, datum: Datum | None) -> None:
    assert recognise(words) is datum


def test_one_datum_needs_no_conversion() -> None:
    assert conversion("MSL (Ko Lak)", "Kolak-1915").add_m == 0
    assert conversion("demo", "demo").add_m == 0


def test_another_is_refused_until_the_difference_is_stated_and_adds_its_error() -> None:
    with pytest.raises(RefusedError, match=r"0\.997 m .*confirm the sign"):
        conversion("EGM2008", "Kolak-1915")
    stated = conversion("EGM2008", "Kolak-1915", stated_offset_m=-0.997)
    assert (stated.add_m, stated.error_m, stated.marked) == (-0.997, 0.17, False)
    assert "stated" in stated.caveats[0].en
    assert together(1.9, stated.error_m) == pytest.approx(1.9076, abs=1e-4)
    own = conversion("EGM96", "Kolak-1915", stated_offset_m=0.5, offset_error_m=0.3)
    assert own.error_m == 0.3


def test_an_unknown_datum_is_refused_unless_insisted_and_then_marked() -> None:
    with pytest.raises(RefusedError, match="not known"):
        conversion(None, "Kolak-1915")
    insisted = conversion(None, "Kolak-1915", insist=True)
    assert insisted.marked
    assert "not for orders" in insisted.caveats[0].en
