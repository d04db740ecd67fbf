"""Probes of the arrival answer: gauges are everybody's, what is told of them the same for all."""

from layers.model import Role
from tests.matrix.asking import Asker


def arrival(asker: Asker) -> None:
    """Every role asks for a gauge, gets its kept answer again, and nobody else's."""
    row = asker.view.seeds.row("gauges")
    code = row.values["code"]
    assert asker.view.sees(row.layer)
    for asked in (
        {"gauge": code},
        {"gauge": code, "horizon_h": 6, "as_of": "2199-12-31T00:00:00Z"},
    ):
        told = asker.ask("POST", "/queries/arrival", json=asked).json()
        assert told["gauge"] == code
        assert told["forecast"] == told["crossings"] == told["inputs"] == []
        assert told["exercise"] is False
        path = f"/queries/answers/{told['id']}"
        assert asker.told(path) == told
        for role in Role:
            if role is not asker.view.role:
                again = asker.client.send("GET", path, headers=asker.view.others[role])
                assert again.status_code == 404, role
    for wrong in ("{}", "zzz"):
        asker.ask("POST", "/queries/arrival", 404, json={"gauge": wrong})
