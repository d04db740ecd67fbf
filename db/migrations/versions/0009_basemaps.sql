-- Basemaps the platform itself made, one row a file: the newest is the one in use, the one before
-- it stays because open pages still read it.

CREATE TABLE muang.basemap (
    version bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- a bare name with the content's hash, below the town's folder and nowhere else
    file text NOT NULL CHECK (file ~ '^[a-z][a-z0-9_]*-[0-9a-f]{32}\.pmtiles$'),
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    size_bytes bigint NOT NULL,
    -- what it was made of: equal states give equal files
    state text NOT NULL,
    max_zoom smallint NOT NULL,
    -- longitudes and latitudes (EPSG:4326) of the box around what is drawn
    west double precision NOT NULL,
    south double precision NOT NULL,
    east double precision NOT NULL,
    north double precision NOT NULL,
    tiles integer NOT NULL,
    -- bytes of the largest tile, packed
    largest_tile integer NOT NULL,
    -- a dataset under OpenStreetMap's licence feeds it: the map must say so
    osm boolean NOT NULL,
    made_at timestamp with time zone NOT NULL DEFAULT clock_timestamp()
);
