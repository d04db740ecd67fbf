"""Gates and levees that contradict each other: who is whose, and which state a map took."""

import pytest

from layers.gate_states import Beside, LeveeNow, Taken, contradictions


def levee(state: str | None = "closed", **more: object) -> LeveeNow:
    given: dict[str, object] = {"code": "L1", "name": "คันเหนือ", "kind": "gate", "crest_m": 113.0}
    return LeveeNow(**{**given, "state": state, **more})  # type: ignore[arg-type]


def gate(status: str, of: LeveeNow, *, same: bool = False, away_m: float = 5) -> Beside:
    return Beside("G1", "ประตูวัด", status, of, same, away_m)


CLOSED, OPEN = Taken("closed", holds=True), Taken("open", holds=False)


@pytest.mark.parametrize("status", ["open", "partly", "failed"])
@pytest.mark.parametrize("kind", ["gate", "levee", None])
def test_a_gate_that_lets_water_through_in_a_levee_taken_as_closed(
    status: str, kind: str | None
) -> None:
    one = levee(kind=kind)
    (told,) = contradictions([gate(status, one)], [one], {"L1": CLOSED})
    for text in (told.th, told.en):
        assert "ประตูวัด (G1)" in text
        assert "คันเหนือ (L1)" in text
    assert "“Closed, holding”. The flood map used here took the levee as closed" in told.en
    assert "ถือว่าแนวคันกั้นปิดและกั้นน้ำอยู่" in told.th


def test_a_closed_gate_in_a_levee_taken_as_open_is_told_of_its_own_line_alone() -> None:
    one = levee("breached")
    took = {"L1": Taken("breached", holds=False)}
    (told,) = contradictions([gate("closed", one)], [one], took)
    assert "“Breached”. The flood map used here let water pass" in told.en
    # a levee may be breached elsewhere while a gate beside it is closed
    other = levee("breached", kind="levee")
    assert contradictions([gate("closed", other)], [other], took) == ()
    assert contradictions([gate("closed", other, same=True)], [other], took) != ()


@pytest.mark.parametrize(
    ("status", "took"),
    [("open", OPEN), ("closed", CLOSED), ("unknown", CLOSED), ("unknown", OPEN)],
)
def test_what_agrees_or_is_not_known_is_not_told(status: str, took: Taken) -> None:
    one = levee(took.state)
    assert contradictions([gate(status, one)], [one], {"L1": took}) == ()


def test_a_closed_levee_that_holds_nothing_is_no_contradiction_to_an_open_gate() -> None:
    one = levee(crest_m=None)
    assert one.taken == Taken("closed", holds=False)
    assert contradictions([gate("open", one)], [one], {"L1": one.taken}) == ()
    (told,) = contradictions([gate("closed", one)], [one], {"L1": one.taken})
    assert "no crest level" in told.en


def test_nobody_said_how_the_levee_stands_it_holds_all_the_same() -> None:
    one = levee(None)
    (told,) = contradictions([gate("open", one)], [one], {"L1": one.taken})
    assert "“Not stated”. The flood map used here took the levee as closed" in told.en


def test_a_gate_is_of_the_levee_with_its_code_else_of_the_nearest_gate_line() -> None:
    piece, wall = levee("open", code="P"), levee(code="W", kind="levee")
    named, took = levee(code="G1"), {"P": OPEN, "W": CLOSED, "G1": CLOSED}
    near = [gate("open", wall, away_m=1), gate("open", piece, away_m=20)]
    assert contradictions(near, [piece, wall], took) == ()
    (told,) = contradictions([*near, gate("open", named, same=True)], [piece, wall, named], took)
    assert "levee คันเหนือ (G1)" in told.en


def test_a_levee_that_changed_since_the_map_was_made_is_told_once() -> None:
    one = levee("open")
    (told,) = contradictions([gate("open", one)], [one], {"L1": CLOSED})
    assert "recorded as “Open” now, but was “Closed, holding”" in told.en
    # an older library kept nothing, and a newer levee was not there
    assert contradictions([], [one], None) == ()
    assert contradictions([gate("open", levee())], [levee()], {}) == ()
