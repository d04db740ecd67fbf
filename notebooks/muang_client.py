"""A town's layers as GeoDataFrames and its flood questions, over the HTTP API.

    from muang_client import Town
    town = Town()                                   # the town `./muang up` is serving
    parcels = town.layer("parcels", where={"use": "residential"})
    answer = town.impact(zone_ids="all", include_ids=True)

It lives beside the notebooks, not inside the platform, because it needs nothing of the platform
but its address: copy this one file next to any script of yours (it needs httpx and geopandas).
What you get is what your token's role may see; every error is a sentence (`TownError`).
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self
from urllib.parse import urlsplit

import geopandas as gpd
import httpx
import numpy as np
import pandas as pd
import shapely
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry

DEFAULT_URL = "http://127.0.0.1:8000"
PAGE = 10_000

Lang = Literal["th", "en"]
Bounds = tuple[float, float, float, float]


class TownError(Exception):
    """The town's answer was no; the text says why and what to do, in the client's language."""


@dataclass(frozen=True)
class Impact:
    """What a flood touches: the server's answer (`raw`), with its counts at hand.

    `id` brings the same answer back later (`Town.answer`). Layers without data are absent.
    """

    raw: Mapping[str, Any]

    @property
    def id(self) -> str:
        """The stored answer's id."""
        return str(self.raw["id"])

    @property
    def exposed(self) -> Mapping[str, Any]:
        """Counts by layer, as the server gave them."""
        return dict(self.raw["exposed"])

    @property
    def caveats(self) -> list[str]:
        """What to keep in mind when reading the counts."""
        return list(self.raw["caveats"])

    def count(self, layer: str) -> int:
        """How many features of a layer the flood touches."""
        try:
            return int(self.raw["exposed"][layer]["count"])
        except KeyError:
            has = ", ".join(self.raw["exposed"])
            raise TownError(
                f"คำตอบนี้ไม่มีจำนวนของ “{layer}” · This answer has no count of “{layer}”; "
                f"it has {has}."
            ) from None

    def ids(self, layer: str) -> list[int]:
        """Record numbers (`id`) of the features touched; asked for with `include_ids=True`."""
        found = self.raw["exposed"].get(layer, {})
        if "ids" not in found:
            raise TownError(
                f"คำตอบนี้ไม่มีรายการ “{layer}” ให้ถามด้วย include_ids=True · This answer does not list "
                f"“{layer}”; ask with include_ids=True."
            )
        return [int(each) for each in found["ids"]]

    def table(self) -> pd.DataFrame:
        """The numbers of each layer, one row a layer; breakdowns by class are left to `exposed`."""
        rows = {
            layer: {
                name: number
                for name, number in found.items()
                if isinstance(number, int | float) and not isinstance(number, bool)
            }
            for layer, found in self.raw["exposed"].items()
        }
        table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("layer")
        return table.convert_dtypes()


class Town:
    """One served town. Closes its connections when used in a `with` block.

    `url` and `token` default to `MUANG_PUBLIC_URL` and `MUANG_TOKEN`, which `./muang notebook`
    sets. Without a token one sees what everybody may see.
    """

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        lang: Lang = "th",
        timeout_s: float = 120,
    ) -> None:
        self.url = (url or os.environ.get("MUANG_PUBLIC_URL") or DEFAULT_URL).rstrip("/")
        token = token or os.environ.get("MUANG_TOKEN")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        # a proxy from the environment must never see a town's data, nor a token
        self._http = httpx.Client(
            base_url=self.url,
            headers=headers,
            params={"lang": lang},
            timeout=timeout_s,
            trust_env=False,
        )
        try:
            me = self._ask("GET", "/me")
        except TownError:
            self._http.close()
            raise
        self.role: str = me["role"]
        self.id: str = me["town"]["id"]
        self.name: Mapping[str, str] = me["town"]["name"]
        self.bounds: Bounds | None = me["town"]["bounds"] and tuple(me["town"]["bounds"])
        self.srid: int = me["town"]["srid"]
        self.synthetic: bool = me["town"]["synthetic"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def __repr__(self) -> str:
        return f"Town({self.id!r}, role={self.role!r}, srid={self.srid}, url={self.url!r})"

    def layers(self) -> pd.DataFrame:
        """The layers your role may see: index `id`; title, description, whether it has geometry."""
        found = self._ask("GET", "/ogc/collections")["collections"]
        rows = [
            {
                "id": each["id"],
                "title": each["title"],
                "description": each["description"],
                "geometry": "storageCrs" in each,
            }
            for each in found
        ]
        return pd.DataFrame(rows).set_index("id")

    def fields(self, layer: str) -> pd.DataFrame:
        """The fields of a layer: index `name`; title, type, unit and codes with their labels."""
        properties = self._ask("GET", f"/ogc/collections/{layer}/schema")["properties"]
        rows = [
            {
                "name": name,
                "title": each.get("title"),
                "type": each.get("type", "geometry"),
                "unit": each.get("x-unit"),
                "codes": each.get("items", each).get("x-enumLabels"),
            }
            for name, each in properties.items()
        ]
        return pd.DataFrame(rows).set_index("name")

    def layer(
        self,
        layer: str,
        *,
        bbox: Bounds | None = None,
        where: Mapping[str, object] | None = None,
        fields: Sequence[str] | None = None,
        crs: Literal["town", "degrees"] = "town",
    ) -> gpd.GeoDataFrame:
        """Every feature of a layer that has geometry, indexed by `id`.

        `bbox` is west, south, east, north in degrees. `where` keeps the rows whose fields equal
        the values. `crs` "town" is the town's projected CRS in metres, "degrees" EPSG:4326.
        """
        schema, spatial = self._schema(layer)
        if not spatial:
            raise TownError(
                f"“{layer}” เป็นตาราง ไม่มีรูปบนแผนที่ ให้ใช้ table() · “{layer}” is a table without "
                "geometry; ask for it with table()."
            )
        srid, query = 4326, {}
        if crs == "town":
            srid, query["crs"] = self.srid, f"http://www.opengis.net/def/crs/EPSG/0/{self.srid}"
        if bbox:
            query["bbox"] = ",".join(map(str, bbox))
        features = self._features(layer, where, fields, query)
        frame = _frame(features, fields, schema)
        shapes = [shape(each["geometry"]) if each["geometry"] else None for each in features]
        geometry = gpd.GeoSeries(np.array(shapes, dtype=object), index=frame.index, crs=srid)
        return gpd.GeoDataFrame(frame, geometry=geometry)

    def table(
        self,
        layer: str,
        *,
        where: Mapping[str, object] | None = None,
        fields: Sequence[str] | None = None,
    ) -> pd.DataFrame:
        """The records of any layer without their geometry, indexed by `id`."""
        schema, _ = self._schema(layer)
        return _frame(self._features(layer, where, fields, {}), fields, schema)

    def impact(
        self,
        *,
        zone_ids: Iterable[int | str] | Literal["all"] | None = None,
        geometry: BaseGeometry | gpd.GeoSeries | None = None,
        gauge: str | None = None,
        stage_m: float | None = None,
        layers: Iterable[str] | None = None,
        include_ids: bool = False,
    ) -> Impact:
        """What a flood touches. Name it one way: zones (ids, codes or "all"), a polygon, a stage.

        A GeoSeries may be in any CRS; a bare shapely polygon is in degrees (EPSG:4326).
        """
        flood: dict[str, Any] = {}
        if zone_ids is not None:
            every = isinstance(zone_ids, str)
            flood["zone_ids"] = zone_ids if every else [_plain(zone) for zone in zone_ids]
        if geometry is not None:
            flood["geometry"] = mapping(_in_degrees(geometry))
        if gauge is not None or stage_m is not None:
            flood |= {"gauge": gauge, "stage_m": stage_m}
        question: dict[str, Any] = {"flood": flood}
        if layers is not None:
            question["layers"] = list(layers)
        if include_ids:
            question["include"] = ["ids"]
        return Impact(self._ask("POST", "/queries/impact", question))

    def answer(self, answer_id: str) -> Impact:
        """An earlier answer, as it was given then."""
        return Impact(self._ask("GET", f"/queries/answers/{answer_id}"))

    def _schema(self, layer: str) -> tuple[dict[str, Any], bool]:
        """The JSON Schema of each field, and whether the layer has geometry."""
        properties = self._ask("GET", f"/ogc/collections/{layer}/schema")["properties"]
        return properties, properties.pop("geometry", None) is not None

    def _features(
        self,
        layer: str,
        where: Mapping[str, object] | None,
        fields: Sequence[str] | None,
        query: dict[str, str],
    ) -> list[dict[str, Any]]:
        asked = {"limit": str(PAGE), **query}
        if fields is not None:
            asked["properties"] = ",".join(fields)
        asked |= {name: _as_text(value) for name, value in (where or {}).items()}
        return self._pages(f"/ogc/collections/{layer}/items", asked)

    def _pages(self, path: str, asked: dict[str, str]) -> list[dict[str, Any]]:
        features: list[dict[str, Any]] = []
        following: dict[str, str] | None = asked
        while following is not None:
            page = self._ask("GET", path, query=following)
            features += page["features"]
            following = _next(page)
        return features

    def _ask(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        query: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        try:
            reply = self._http.request(method, path, json=body, params=query)
        except httpx.TimeoutException as late:
            raise TownError(
                f"{self.url} ใช้เวลาตอบนานเกินไป · {self.url} took too long to answer."
            ) from late
        except httpx.HTTPError as failure:
            raise TownError(
                f"ติดต่อ {self.url} ไม่ได้ ตรวจว่า ./muang up ทำงานอยู่ · Cannot reach {self.url}; "
                f"see that ./muang up is running. ({failure})"
            ) from failure
        if reply.is_success:
            return dict(reply.json())
        raise TownError(_sentence(reply))


def _sentence(reply: httpx.Response) -> str:
    """The problem's own sentence, or the bare status of something that is no Muang."""
    try:
        problem = reply.json()
        return f"{problem['title']}: {problem['detail']} [{problem['instance']}]"
    except (ValueError, KeyError, TypeError):
        return f"{reply.request.url} → HTTP {reply.status_code}"


def _next(page: Mapping[str, Any]) -> dict[str, str] | None:
    """The query of the next page; its host is left out, as we may reach the town by another."""
    for each in page["links"]:
        if each["rel"] == "next":
            return dict(httpx.QueryParams(urlsplit(each["href"]).query))
    return None


def _as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _plain(zone: int | str) -> int | str:
    """A zone's number as JSON knows it: frames give numpy's integers."""
    return zone if isinstance(zone, str) else int(zone)


def _in_degrees(geometry: BaseGeometry | gpd.GeoSeries) -> BaseGeometry:
    if isinstance(geometry, BaseGeometry):
        return geometry
    if geometry.crs is None:
        raise TownError("รูปที่ส่งมาไม่ได้บอกระบบพิกัด (CRS) · The GeoSeries does not say its CRS.")
    ellipsoid = geometry.crs.ellipsoid
    if ellipsoid is not None and "everest" in ellipsoid.name.lower():
        raise TownError(
            "รูปอยู่บน Indian 1975 ซึ่ง GeoPandas แปลงคลาดไปราว 190 เมตร นำเข้าเมืองก่อน · The GeoSeries "
            "is on Indian 1975, which GeoPandas turns about 190 m off: import it first."
        )
    return shapely.union_all(geometry.to_crs(4326).to_numpy())


def _frame(
    features: list[dict[str, Any]],
    fields: Sequence[str] | None,
    schema: Mapping[str, Mapping[str, Any]],
) -> pd.DataFrame:
    rows = [{"id": each["id"], **each["properties"]} for each in features]
    columns = ["id", *(name for name in fields or schema if name != "id")]
    frame = pd.DataFrame(rows, columns=columns)
    for name in columns:
        frame[name] = _typed(frame[name], schema.get(name, {}))
    return frame.set_index("id")


def _typed(values: "pd.Series[Any]", schema: Mapping[str, Any]) -> "pd.Series[Any]":
    """A column in the type the schema says, unknown values kept as unknown."""
    if schema.get("format") in ("date", "date-time"):
        return pd.to_datetime(values, utc=schema["format"] == "date-time", format="ISO8601")
    match schema.get("type"):
        case "integer":
            return values.astype("Int64")
        case "number":
            return values.astype("Float64")
        case "boolean":
            return values.astype("boolean")
    return values
