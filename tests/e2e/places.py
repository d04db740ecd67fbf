"""Places of the tiny town in degrees: metres from its corner -> longitude, latitude."""

from pyproj import Transformer

from tests.tiny import ORIGIN

_TO_DEGREES = Transformer.from_crs(32648, 4326, always_xy=True)


def place(x: float, y: float) -> tuple[float, float]:
    """Longitude and latitude of a point x metres east and y metres north of the corner."""
    lng, lat = _TO_DEGREES.transform(ORIGIN[0] + x, ORIGIN[1] + y)
    return lng, lat


def view(x: float, y: float, zoom: float) -> str:
    """The `view=` of a link that shows this place in the middle."""
    lng, lat = place(x, y)
    return f"view={zoom}/{lat:.6f}/{lng:.6f}"
