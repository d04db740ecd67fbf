"""The demo town Phibun in a database of the test's own: a town being served is not touched."""

from db.connect import Machine
from db.datasets import Dataset
from db.load import Incoming, load
from etl.demo import SOURCE, generate
from etl.demo.load import rows
from layers.catalog import get
from tests.conftest import TownHandle


def load_demo(town: TownHandle) -> None:
    """Load every layer of the demo town."""
    with town.connect(Machine.LOADER) as conn:
        for layer_id, frame in generate("phibun").frames.items():
            dataset = Dataset(layer=layer_id, source=SOURCE, actor="tests", synthetic=True)
            incoming = Incoming(columns=tuple(frame.columns), rows=rows(frame))
            load(conn, get(layer_id), incoming, mode="append", dataset=dataset)
