"""A trained forecast as bytes and back: numbers and names only, nothing that could be run.

Arrays go into an `.npz`, everything else into one JSON text beside them. Only the classes named
here are made again, so that whoever can write the bytes can give wrong figures and no more.
"""

import io
import json
import zipfile
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from flood import baselines, lagged, routing, tide
from flood.backtest import Choice
from flood.band import Spread
from flood.forecast import Trained
from flood.hydrograph import StageLag
from flood.skill import Alarms, Skill

Array = NDArray[Any]

_CLASSES = {
    f"{kind.__module__}.{kind.__name__}": kind
    for kind in (
        *(Trained, Choice, Spread, Skill, Alarms, StageLag),
        *baselines.FITTED,
        *lagged.FITTED,
        *routing.FITTED,
        *tide.FITTED,
    )
}
_TEXT = "told"


def to_bytes(trained: Trained) -> bytes:
    """What was learnt, to be kept. TypeError for a class nobody named here."""
    arrays: dict[str, Array] = {}
    told = json.dumps(_plain(trained, arrays), ensure_ascii=False)
    sink = io.BytesIO()
    text = np.frombuffer(told.encode(), dtype=np.uint8)
    np.savez_compressed(sink, **{_TEXT: text}, **arrays)  # type: ignore[arg-type]
    return sink.getvalue()


def from_bytes(kept: bytes) -> Trained | None:
    """What was learnt; None where these bytes are damaged or of another version's classes."""
    try:
        with np.load(io.BytesIO(kept), allow_pickle=False) as opened:
            arrays = {name: opened[name] for name in opened.files}
        found = _made(json.loads(bytes(arrays.pop(_TEXT))), arrays)
    except (ValueError, KeyError, TypeError, OSError, EOFError, zipfile.BadZipFile):
        return None
    return found if isinstance(found, Trained) else None


def _plain(value: object, arrays: dict[str, Array]) -> object:  # noqa: PLR0911  one a kind
    if value is None or isinstance(value, (bool, str, int, float)):
        return value
    if isinstance(value, np.ndarray):
        name = f"a{len(arrays)}"
        arrays[name] = value
        return {"array": name}
    if isinstance(value, KDTree):
        return {"tree": _plain(np.asarray(value.data), arrays)}
    if isinstance(value, tuple):
        return {"tuple": [_plain(one, arrays) for one in value]}
    if isinstance(value, dict):
        return {"dict": [[_plain(k, arrays), _plain(v, arrays)] for k, v in value.items()]}
    if isinstance(value, datetime):
        return {"moment": value.astimezone(UTC).isoformat()}
    name = f"{type(value).__module__}.{type(value).__name__}"
    if not is_dataclass(value) or name not in _CLASSES:
        raise TypeError(f"{name} cannot be kept")
    parts = {one.name: _plain(getattr(value, one.name), arrays) for one in fields(value)}
    return {"class": name, "with": parts}


def _made(told: Any, arrays: dict[str, Array]) -> Any:  # noqa: PLR0911  one a kind
    if not isinstance(told, dict):
        return told
    if "array" in told:
        return arrays[told["array"]]
    if "tree" in told:
        return KDTree(_made(told["tree"], arrays))
    if "tuple" in told:
        return tuple(_made(one, arrays) for one in told["tuple"])
    if "dict" in told:
        return {_made(k, arrays): _made(v, arrays) for k, v in told["dict"]}
    if "moment" in told:
        return datetime.fromisoformat(told["moment"])
    kind = _CLASSES[told["class"]]
    return kind(**{name: _made(part, arrays) for name, part in told["with"].items()})
