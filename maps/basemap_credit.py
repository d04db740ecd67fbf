"""Who is to be named on a basemap."""

from layers.text import Text

OSM_CREDIT = Text(th="© ผู้ร่วมสร้าง OpenStreetMap (ODbL)", en="© OpenStreetMap contributors (ODbL)")
"""What the Open Database License asks a map to say that is made of OpenStreetMap's data."""


def credit_of(name: Text, *, osm: bool) -> Text:
    """The town's own credit (`TownFrame.credit`), and OpenStreetMap's exactly where it is due."""
    if not osm:
        return name
    return Text(th=f"{name.th} · {OSM_CREDIT.th}", en=f"{name.en} · {OSM_CREDIT.en}")
