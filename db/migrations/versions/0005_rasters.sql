-- Rasters the platform itself made, one row a version: the newest of an id is the one in use, the
-- one before it stays so that an import can be taken back.

CREATE TABLE muang.raster (
    version bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text NOT NULL,
    -- a bare name with the content's hash, below the town's raster folder and nowhere else
    file text NOT NULL CHECK (file ~ '^[a-z][a-z0-9_]*-[0-9a-f]{32}\.tif$'),
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    size_bytes bigint NOT NULL,
    columns integer NOT NULL,
    rows integer NOT NULL,
    -- edge of a cell in metres; the file is in the town's own CRS
    cell_m double precision NOT NULL CHECK (cell_m > 0),
    srid integer NOT NULL CHECK (srid = {srid}),
    -- longitudes and latitudes (EPSG:4326) of the box around it
    west double precision NOT NULL,
    south double precision NOT NULL,
    east double precision NOT NULL,
    north double precision NOT NULL,
    -- metres; low and high leave out the two per cent at each end
    min_value double precision NOT NULL,
    max_value double precision NOT NULL,
    low_value double precision NOT NULL,
    high_value double precision NOT NULL,
    nodata double precision NOT NULL,
    -- what heights are counted from, in the words of the data; null: it does not say
    datum text,
    source text NOT NULL,
    synthetic boolean NOT NULL,
    dataset_id bigint NOT NULL REFERENCES muang.dataset (id),
    made_at timestamp with time zone NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX raster_id ON muang.raster (id, version);
