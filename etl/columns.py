"""A batch as the database takes it: Arrow columns, from a frame of Python values."""

import pandas as pd
import pyarrow as pa

from db.binary_copy import ARROW_TYPES
from db.load import ewkb
from etl.steps import GEOM
from layers.model import Layer


def arrays(frame: pd.DataFrame, layer: Layer, srid: int) -> list[pa.Array]:
    """Row numbers, then every column of the frame in its order; shapes as EWKB."""
    columns = [
        ewkb(frame[name].to_numpy(), srid)
        if name == GEOM
        else pa.array(
            frame[name].to_numpy(), type=ARROW_TYPES[layer.field(name).type], from_pandas=True
        )
        for name in frame.columns
    ]
    return [pa.array(frame.index.to_numpy(), type=pa.int64()), *columns]
