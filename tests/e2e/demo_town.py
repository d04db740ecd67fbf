"""The demo town Phibun in a database of the test's own: a town being served is not touched."""

import secrets

from db.connect import Machine
from db.datasets import Dataset
from db.load import Incoming, load
from db.towns import TownSpec, create_town
from etl.demo import DEMO_TOWNS, SOURCE, generate
from etl.demo.load import rows
from layers.catalog import get
from tests.conftest import TownHandle


def make_demo_town(server_url: str, secret: str) -> TownHandle:
    """An empty town with the demo's name and a random id."""
    demo = DEMO_TOWNS["phibun"]
    spec = TownSpec(id=f"t{secrets.token_hex(5)}", name=demo.name, srid=demo.srid, synthetic=True)
    create_town(server_url, secret, spec)
    return TownHandle(server_url, secret, spec.id, spec.srid)


def load_demo(town: TownHandle) -> None:
    """Load every layer of the demo town."""
    with town.connect(Machine.LOADER) as conn:
        for layer_id, frame in generate("phibun").frames.items():
            dataset = Dataset(layer=layer_id, source=SOURCE, actor="tests", synthetic=True)
            incoming = Incoming(columns=tuple(frame.columns), rows=rows(frame))
            load(conn, get(layer_id), incoming, mode="append", dataset=dataset)
