"""Demo towns: synthetic, seeded, and shaped like the real places they are named after."""

from etl.demo.assemble import DemoData, generate
from etl.demo.load import load_town, need_layers, need_rasters
from etl.demo.towns import DEMO_TOWNS, SOURCE, DemoTown

__all__ = [
    "DEMO_TOWNS",
    "SOURCE",
    "DemoData",
    "DemoTown",
    "generate",
    "load_town",
    "need_layers",
    "need_rasters",
]
