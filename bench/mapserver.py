"""MapServer (Debian `cgi-mapserver`) behind nginx: FastCGI processes that stay, its own encoder.

The processes get their listening socket as standard input, as FastCGI has it, so no spawner is
needed and each is ended by the number it was started with. Nginx opens a connection for each
request: kept ones hang once there are more of them than processes.
"""

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg

from bench.programs import free_port, running, wait
from bench.tile_town import SRID
from bench.town import Tile, Town
from bench.walk import Served
from db.connect import database_name

PROGRAM = Path("/usr/lib/cgi-bin/mapserv")
PROCESSES = 4
_CONFIG = 'CONFIG\n  ENV\n    MS_MAP_NO_PATH "1"\n  END\n  MAPS\n    BENCH "{map}"\n  END\nEND\n'
_MAP = """MAP
  NAME "bench"
  EXTENT -20037508.34 -20037508.34 20037508.34 20037508.34
  SIZE 256 256
  PROJECTION "init=epsg:3857" END
  WEB METADATA "ows_enable_request" "*" END END
  OUTPUTFORMAT
    NAME "mvt" DRIVER MVT MIMETYPE "application/vnd.mapbox-vector-tile" EXTENSION "mvt"
    FORMATOPTION "EXTENT=4096" FORMATOPTION "EDGE_BUFFER=64"
  END
{layers}
END
"""
_LAYER = """  LAYER
    NAME "{name}" TYPE POLYGON STATUS ON
    CONNECTIONTYPE POSTGIS CONNECTION "{connection}"
    DATA "geom FROM (SELECT {columns}, geom FROM peers.parcels) AS t {using}"
    PROCESSING "CLOSE_CONNECTION=DEFER"
    PROJECTION "init=epsg:{srid}" END
    METADATA "gml_include_items" "{items}" "gml_featureid" "id" END
    CLASS STYLE COLOR 200 200 200 END END
  END
"""
_NGINX = """
{user}worker_processes 1; daemon off; pid {folder}/ms.pid; error_log {folder}/ms.error;
events {{ worker_connections 256; }}
http {{
    access_log off; tcp_nopush off; keepalive_requests 100000000;
    client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
    uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    fastcgi_buffers 64 64k; fastcgi_buffer_size 64k;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            fastcgi_pass unix:{folder}/ms.socket;
            fastcgi_param QUERY_STRING $query_string;
            fastcgi_param REQUEST_METHOD $request_method;
            fastcgi_param SCRIPT_NAME /;
            fastcgi_param SERVER_NAME 127.0.0.1;
            fastcgi_param SERVER_PORT {port};
        }}
    }}
}}
"""


def missing() -> str:
    """Which Debian packages it lacks here; empty when it can run."""
    lacks = [] if PROGRAM.exists() else ["cgi-mapserver"]
    return " ".join(lacks + ([] if nginx_program() else ["nginx-light"]))


def nginx_program() -> str | None:
    """Nginx, which Debian keeps out of ordinary people's path."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


@contextmanager
def mapserver(
    town: Town, folder: Path, columns: tuple[str, ...], few: tuple[str, ...]
) -> Iterator[tuple[Served, Served]]:
    """Running for the block; its layer with all `columns`, and the one with a `few` of them."""
    connection = _connection(town)
    layers = "".join(
        _LAYER.format(
            name=name,
            connection=connection,
            columns=", ".join(("id", *(one for one in picked if one != "id"))),
            items=",".join(one for one in picked if one != "id"),
            srid=SRID,
            using=f"USING UNIQUE id USING SRID={SRID}",
        )
        # a layer called "all" would be every layer
        for name, picked in (("whole", columns), ("few", few))
    )
    (folder / "bench.map").write_text(_MAP.format(layers=layers), encoding="utf-8")
    config = folder / "mapserver.conf"
    config.write_text(_CONFIG.format(map=folder / "bench.map"), encoding="utf-8")
    port = free_port()
    user = "user root;\n" if os.geteuid() == 0 else ""
    conf = folder / "ms.nginx.conf"
    conf.write_text(_NGINX.format(folder=folder, port=port, user=user), encoding="utf-8")
    log = folder / "mapserver.log"
    with ExitStack() as stack:
        listening = stack.enter_context(socket.socket(socket.AF_UNIX))
        listening.bind(str(folder / "ms.socket"))
        listening.listen(128)
        environment = os.environ | {"MAPSERVER_CONFIG_FILE": str(config)}
        for _ in range(PROCESSES):
            stack.enter_context(
                running([PROGRAM], log=log, environment=environment, stdin=listening)
            )
        front = stack.enter_context(
            running([nginx_program() or "nginx", "-c", conf, "-p", folder], log=log)
        )
        url = f"http://127.0.0.1:{port}"
        wait(url, front, log)

        def path(layer: str, tile: Tile) -> str:
            z, x, y = tile
            return (
                f"/?map=BENCH&mode=tile&tilemode=gmap&tile={x}+{y}+{z}"
                f"&layers={layer}&map.imagetype=mvt"
            )

        yield (
            Served("MapServer, all attributes", url, lambda tile: path("whole", tile)),
            Served("MapServer, equal content", url, lambda tile: path("few", tile)),
        )


def _connection(town: Town) -> str:
    told = psycopg.conninfo.conninfo_to_dict(town.server_url)
    return (
        f"host={told['host']} port={told['port']} user={told['user']}"
        f" password={told['password']} dbname={database_name(town.id)}"
    )
