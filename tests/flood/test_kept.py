"""What was learnt goes to bytes and back, forecasts the same, and bytes can run nothing."""

import io
import pickle
from dataclasses import replace

import numpy as np
import pytest

from flood.forecast import Trained, forecast, train
from flood.hydrograph import River
from flood.kept import from_bytes, to_bytes
from tests.flood.made_rivers import chain


@pytest.fixture(scope="module")
def learnt() -> tuple[Trained, River]:
    river = chain(3, days=60)
    return train(river, thresholds=[101.0], max_lag_h=60.0), river


def test_what_is_kept_forecasts_exactly_the_same(learnt: tuple[Trained, River]) -> None:
    trained, river = learnt
    again = from_bytes(to_bytes(trained))
    assert again is not None
    assert again.fitted.keys() == trained.fitted.keys()
    said = [forecast(one, river, thresholds=[101.0]) for one in (trained, again)]
    assert said[0] == said[1]
    # not only the models in use today
    for name, model in trained.fitted.items():
        here = np.array([len(river.z) - 1])
        told = model.predict(replace(river, leads=trained.leads), here)
        assert np.array_equal(
            told, again.fitted[name].predict(replace(river, leads=trained.leads), here), True
        ), name


def test_damaged_or_foreign_bytes_are_no_model(learnt: tuple[Trained, River]) -> None:
    whole = to_bytes(learnt[0])
    assert from_bytes(b"") is None
    assert from_bytes(whole[: len(whole) // 2]) is None
    assert from_bytes(pickle.dumps(learnt[0].choice)) is None
    for told in (b'{"class": "os.system", "with": {}}', b'{"moment": "no"}', b"[1", b"1"):
        sink = io.BytesIO()
        np.savez_compressed(sink, told=np.frombuffer(told, dtype=np.uint8))
        assert from_bytes(sink.getvalue()) is None
