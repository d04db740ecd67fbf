"""The program that opens files nobody has checked, run alone in a child process.

Started by `etl.read` as a script (`python -I reader.py`), with an environment built there: GDAL
knows at most one driver, no network, no plug-ins. It imports nothing of ours but `etl.reading`,
reads one order (JSON) on stdin, writes `table.arrow` (attributes, WKB in `__wkb`, feature id in
`__fid`) and `meta.json` into the order's folder. Exit status 3 with `meta.json` {"trouble": …} is
a refusal; anything else but 0 is a crash, which the parent reports as a damaged file.
"""

import json
import sys
from pathlib import Path

if __name__ == "__main__":
    # this checkout's modules, whatever else is installed
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from etl.reading import letters
from etl.reading.trouble import FID, REFUSED, WKB, Meta, Order, Trouble
from etl.reading.walls import raise_walls

__all__ = ["FID", "REFUSED", "WKB", "main"]


def main() -> int:
    """Limit ourselves, then read what was ordered; gives the exit status."""
    order: Order = json.load(sys.stdin)
    folder = Path(order["folder"])
    walls = raise_walls(order)
    meta: Meta
    status = 0
    try:
        if not (walls["network"] or walls["calls"]):
            raise Trouble("drivers", extra=["network"])  # noqa: TRY301
        meta = _do(order, folder)
    except Trouble as trouble:
        meta = {"trouble": trouble.word, "facts": trouble.facts}
        status = REFUSED
    except (MemoryError, ImportError):  # a library that finds no room to be loaded
        meta = {"trouble": "too_large", "facts": {}}
        status = REFUSED
    except Exception as error:  # noqa: BLE001  whatever a parser does with a broken file is the file's
        meta = {"trouble": "damaged", "facts": {"message": f"{type(error).__name__}: {error}"}}
        status = REFUSED
    meta["walls"] = walls
    (folder / "meta.json").write_text(
        json.dumps(meta, default=str).encode("utf-8", errors="replace").decode(), encoding="utf-8"
    )
    return status


def _do(order: Order, folder: Path) -> Meta:
    """List the layers; read the layer named, or the only one there is.

    `first` lists, and reads as well when there is just one.
    """
    sys.meta_path.insert(0, _Without())
    way = _WAYS.get(order["format"], "vector")
    if order["task"] == "drivers":
        from etl.reading import vector  # noqa: PLC0415  after the limits, on purpose

        return {"drivers": sorted(vector.gdal(order).list_drivers())}
    if order["task"] == "list":
        return {"layers": _layers(way, order)}
    names: list[str] | None = None
    if order["layer"] is None and order["sql"] is None and way not in ("delimited", "columnar"):
        names = _layers(way, order)
        if len(names) != 1:
            if order["task"] == "first":
                return {"layers": names}
            raise Trouble("choose", layers=names)
        order = order | {"layer": names[0]}
    meta = _judge(_read(way, order, folder), order)
    return meta | {"layer": order["layer"], "layers": names}


class _Without:
    """No pandas behind pyarrow and pyogrio: not needed here, and slower to load than they are."""

    @staticmethod
    def find_spec(name: str, _path: object = None, _target: object = None) -> None:
        """Refuse the import of these; everything else goes its way."""
        if name in ("pandas", "geopandas"):
            raise ModuleNotFoundError(name)


_WAYS = {
    "CSV": "delimited",
    "GEOPARQUET": "columnar",
    "KML": "kml",
    "XLSX": "sheets",
    "XLS": "sheets",
    "ODS": "sheets",
}
"""Formats that do not go through GDAL."""


def _layers(way: str, order: Order) -> list[str]:
    match way:
        case "delimited" | "columnar":
            return [Path(order["path"]).stem]
        case "kml":
            from etl.reading import kml as reader  # noqa: PLC0415  after the limits, on purpose
        case "sheets":
            from etl.reading import sheets as reader  # type: ignore[no-redef]  # noqa: PLC0415
        case _:
            from etl.reading import vector as reader  # type: ignore[no-redef]  # noqa: PLC0415
    return reader.layers(order)


def _read(way: str, order: Order, folder: Path) -> Meta:
    match way:
        case "delimited":
            from etl.reading import delimited as reader  # noqa: PLC0415  after the limits
        case "columnar":
            from etl.reading import columnar as reader  # type: ignore[no-redef]  # noqa: PLC0415
        case "kml":
            from etl.reading import kml as reader  # type: ignore[no-redef]  # noqa: PLC0415
        case "sheets":
            from etl.reading import sheets as reader  # type: ignore[no-redef]  # noqa: PLC0415
        case _:
            from etl.reading import vector as reader  # type: ignore[no-redef]  # noqa: PLC0415
    return reader.read(order, folder)


def _judge(meta: Meta, order: Order) -> Meta:
    """Look at the text read: what cannot be in the encoding it was read in is not handed on."""
    texts = [text for text in meta.pop("texts", []) if text]
    if order["encoding"] is not None:
        return meta
    against = meta.get("encoding_against")
    found = letters.mojibake(texts)
    if found is not None:
        meta["mojibake"] = vars(found)
        if order["strict"]:
            raise Trouble("mojibake", **vars(found))
    if against is not None and order["strict"]:
        raise Trouble("encoding_unsure", told=meta["encoding_evidence"], say=against)
    return meta


if __name__ == "__main__":
    sys.exit(main())
