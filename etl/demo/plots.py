"""Plots: blocks cut into rows and rows into plots, farm land into fields; no two overlap."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from shapely import Polygon

from etl.demo.blocks import Blocks
from etl.demo.curves import FloatArray
from etl.demo.network import IntArray, Shapes
from etl.demo.streets import KINDS, Spec

_SMALLEST_M2 = 30.0
"""Smallest plot: a narrow shophouse; smaller scraps stay waste ground."""
_FIELD_M2 = 5600.0
"""Middle size of a field, 3.5 rai."""
_COARSE = {"town": "suburb", "suburb": "village", "village": "farm"}
"""How some blocks were cut long ago and never again: by the next coarser kind of land."""


@dataclass(frozen=True)
class Plots:
    """Plots as polygons, the number of the block each lies in, and the kind of land it is."""

    shapes: Shapes
    block: IntArray
    kind: list[str]


def lay_out(blocks: Blocks, scale: float, rng: np.random.Generator) -> Plots:
    """Cut every block into plots as its kind of land asks for; `scale` widens all fronts.

    A plot is what a cell of the block's own slightly irregular lattice leaves inside the block,
    so plots of one block share edges and never overlap.
    """
    cells: list[FloatArray] = []
    owner: list[int] = []
    fields: list[tuple[int, Polygon]] = []
    kinds = [_kind(spec, rng) for spec in blocks.specs]
    for number, (block, kind) in enumerate(zip(blocks.shapes, kinds, strict=True)):
        if kind == "farm":
            fields.extend((number, field) for field in _fields(block, rng))
            continue
        lattice = _lattice(block, KINDS[kind], scale, rng)
        cells.extend(lattice)
        owner.extend([number] * len(lattice))
    of_cell = np.asarray(owner, dtype=np.int64)
    in_town = shapely.intersection(shapely.polygons(np.asarray(cells)), blocks.shapes[of_cell])
    shapes = np.concatenate([in_town, np.asarray([field for _, field in fields], dtype=object)])
    of = np.concatenate([of_cell, np.asarray([n for n, _ in fields], dtype=np.int64)])
    parts, source = shapely.get_parts(shapes, return_index=True)
    keep = (shapely.get_type_id(parts) == shapely.GeometryType.POLYGON) & (
        shapely.area(parts) >= _SMALLEST_M2
    )
    block = of[source[keep]]
    return Plots(shapes=parts[keep], block=block, kind=[kinds[b] for b in block])


def _kind(spec: Spec, rng: np.random.Generator) -> str:
    """Kind of land a block was cut as; one in ten was cut more coarsely than its neighbours."""
    coarse = rng.random() < 0.1  # noqa: PLR2004
    return _COARSE.get(spec.kind, spec.kind) if coarse else spec.kind


def _lattice(
    block: Polygon, spec: Spec, scale: float, rng: np.random.Generator
) -> list[FloatArray]:
    """Quadrilaterals (4, 2) that tile the block's box: rows along its long side, plots across."""
    box = shapely.get_coordinates(shapely.oriented_envelope(block))[:4]
    if np.hypot(*(box[1] - box[0])) < np.hypot(*(box[2] - box[1])):
        box = np.roll(box, -1, axis=0)
    along, deep = box[1] - box[0], box[3] - box[0]
    run, depth = float(np.hypot(*along)), float(np.hypot(*deep))
    rows = max(1, round(depth / spec.depth))
    bounds = _cuts(depth, rows, 0.07, rng)
    cells: list[FloatArray] = []
    for low, high in pairwise(bounds.tolist()):
        front = spec.front * scale * rng.uniform(0.78, 1.3)
        near = _cuts(run, max(1, round(run / front)), 0.34, rng)
        lean = rng.normal(0.0, 0.02, len(near)) * (high - low)
        lean[[0, -1]] = 0.0
        far = np.maximum.accumulate(np.clip(near + lean, 0.0, run))
        for a, b, c, d in zip(near[:-1], near[1:], far[1:], far[:-1], strict=True):
            at = np.array([[a, low], [b, low], [c, high], [d, high]])
            cells.append(box[0] + at[:, :1] * along / run + at[:, 1:] * deep / depth)
    return cells


def _cuts(length: float, count: int, spread: float, rng: np.random.Generator) -> FloatArray:
    """Positions from 0 to `length` that make `count` parts of unequal size."""
    parts = np.clip(rng.lognormal(0.0, spread, count), 0.5, 3.2)
    cuts = np.concatenate([[0.0], np.cumsum(parts)])
    scaled: FloatArray = cuts * (length / cuts[-1])
    return scaled


def _fields(block: Polygon, rng: np.random.Generator) -> list[Polygon]:
    """Farm land cut again and again across its longer side, as heirs divide it."""
    done: list[Polygon] = []
    todo = [block]
    while todo:
        piece = todo.pop()
        aim = _FIELD_M2 * rng.lognormal(0.0, 0.5)
        parts = _halve(piece, rng) if piece.area > 1.7 * aim else []
        if parts:
            todo.extend(parts)
        else:
            done.append(piece)
    return done


def _halve(piece: Polygon, rng: np.random.Generator) -> list[Polygon]:
    """Two or more parts of a field, cut a little askew across its longer side."""
    box = shapely.get_coordinates(shapely.oriented_envelope(piece))[:4]
    if np.hypot(*(box[1] - box[0])) < np.hypot(*(box[2] - box[1])):
        box = np.roll(box, -1, axis=0)
    along, deep = box[1] - box[0], box[3] - box[0]
    at, lean = rng.uniform(0.36, 0.64), rng.normal(0.0, 0.035)
    low = box[0] + (at - lean) * along - deep
    high = box[3] + (at + lean) * along + deep
    west = Polygon([low, high, box[3] - along + deep, box[0] - along - deep])
    east = Polygon([low, high, box[2] + along + deep, box[1] + along - deep])
    parts = shapely.get_parts(shapely.intersection(piece, np.array([west, east], dtype=object)))
    return [part for part in parts if part.geom_type == "Polygon" and part.area > 1.0]
