-- Null is no limit: rings of libraries built before are drawn at every zoom.
ALTER TABLE town.flood_stages
ADD COLUMN zoom_from bigint,
ADD COLUMN zoom_to bigint;
ALTER TABLE history.flood_stages
ADD COLUMN zoom_from bigint,
ADD COLUMN zoom_to bigint;

-- it takes another argument now (db/sql/040_render.sql)
DROP FUNCTION IF EXISTS muang.render_pieces(gis.geometry, integer);
