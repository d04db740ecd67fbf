-- What render tables are made with: the tables themselves and their triggers come from db/render.py.
-- from: geom_3857 of the live tables -> render.*

-- Metres of EPSG:3857 to one of the 4096 units along a tile's side.
CREATE OR REPLACE FUNCTION muang.tile_unit(zoom integer) RETURNS double precision
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 40075016.685578488 / 4096 / (1::bigint << zoom);
$$;

-- The lowest zoom from which rounding to tile units cannot make a geometry invalid or lose a point.
-- Rounding moves a point by at most 0.71 units, so a point and an edge (or another point) that lie
-- more than 1.42 apart neither meet nor change sides: ST_MinimumClearance is the least such distance.
-- (No SET here: only so is it made part of the statement that calls it for each row.)
CREATE OR REPLACE FUNCTION muang.plain_from(shape gis.geometry) RETURNS smallint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT
        least(
            greatest(
                ceil(
                    ln(
                        1.42 * 40075016.685578488 / 4096
                        / least(greatest(gis.ST_MinimumClearance(shape), 1e-30), 1e9)
                    ) / ln(2)
                ),
                0
            ),
            99
        )::smallint;
$$;

-- A feature of many points as tiles need it. Piece -1 - z: the whole for zoom z below 14, without
-- points that lie within half a tile unit of the line without them, as ST_AsMVTGeom takes them away.
-- Where that is still more than 1,000 points it is instead the part in each tile z/x/y, piece
-- -1000 - (4^z + (x << z) + y), just as ST_AsMVTGeom draws it there, so that nothing is left to do
-- when it is asked for (db.render.low_piece): first without points within a unit of the line.
-- Piece (x << 14) + y: the part in tile 14/x/y, for that tile and all below it; cut outside the
-- buffer of 64 units, so that no tile shows the cut. Null: everything, for shapes out of all bounds.
-- Pieces are made for the zooms from `lowest` to `highest` alone.
CREATE OR REPLACE FUNCTION muang.render_pieces(shape gis.geometry, lowest integer, highest integer)
RETURNS TABLE (piece integer, geom gis.geometry)
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, gis, pg_temp AS $$
DECLARE
    side constant double precision := 40075016.685578488 / 16384;
    half constant double precision := 20037508.342789244;
    margin constant double precision := 0.02;
    west integer;
    east integer;
    north integer;
    south integer;
    valid geometry := shape;
    lighter geometry;
    unit double precision;
    up integer;
BEGIN
    -- what was valid in the town's CRS may cross itself by a hair in this one; cutting such a shape
    -- can turn it inside out, and a whole tile is under water
    IF NOT ST_IsValid(shape) THEN
        valid := ST_CollectionExtract(
            ST_MakeValid(shape, 'method=structure keepcollapsed=false'), ST_Dimension(shape) + 1
        );
    END IF;
    IF
        ST_XMin(shape) < -half OR ST_XMax(shape) > half OR ST_YMin(shape) < -half OR ST_YMax(shape) > half
        OR (ST_XMax(shape) - ST_XMin(shape)) * (ST_YMax(shape) - ST_YMin(shape)) > 4096 * side * side
    THEN
        RETURN QUERY SELECT NULL::integer, shape;
        RETURN;
    END IF;
    west := greatest(0, floor((ST_XMin(shape) + half) / side - margin));
    east := least(16383, floor((ST_XMax(shape) + half) / side + margin));
    north := greatest(0, floor((half - ST_YMax(shape)) / side - margin));
    south := least(16383, floor((half - ST_YMin(shape)) / side + margin));
    FOR zoom IN lowest..least(highest, 13) LOOP
        unit := muang.tile_unit(zoom);
        lighter := ST_Simplify(valid, 0.5 * unit);
        CONTINUE WHEN lighter IS NULL OR ST_IsEmpty(lighter);
        -- tiles of this zoom, as groups of those of zoom 14
        up := 14 - zoom;
        IF ST_Dimension(shape) < 2 OR ST_NPoints(lighter) <= 1000 THEN
            RETURN QUERY SELECT -1 - zoom, lighter;
            CONTINUE;
        END IF;
        RETURN QUERY
        SELECT
            -1000 - ((1 << (2 * zoom)) + (x.x << zoom) + y.y),
            s.geom
        FROM generate_series(west >> up, east >> up) AS x (x)
        CROSS JOIN generate_series(north >> up, south >> up) AS y (y)
        CROSS JOIN LATERAL (
            SELECT
                ST_AsMVTGeom(
                    ST_Simplify(valid, unit), ST_TileEnvelope(zoom, x.x, y.y), 4096, 64, true
                ) AS drawn
        ) AS d
        CROSS JOIN LATERAL (
            SELECT
                ST_SetSRID(
                    ST_Affine(
                        d.drawn, unit, 0, 0, -unit, 4096 * unit * x.x - half, half - 4096 * unit * y.y
                    ),
                    3857
                ) AS geom
        ) AS s
        WHERE d.drawn IS NOT NULL AND NOT ST_IsEmpty(d.drawn);
    END LOOP;
    IF highest < 14 THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT
        (x.x << 14) + y.y,
        s.geom
    FROM generate_series(west, east) AS x (x)
    CROSS JOIN generate_series(north, south) AS y (y)
    CROSS JOIN LATERAL (
        SELECT
            ST_CollectionExtract(
                -- the faster one can turn areas inside out, the other breaks lines where they cross
                CASE
                    WHEN ST_Dimension(shape) = 2
                        THEN ST_Intersection(valid, ST_TileEnvelope(14, x.x, y.y, margin => margin))
                    ELSE ST_ClipByBox2D(shape, ST_TileEnvelope(14, x.x, y.y, margin => margin))
                END,
                ST_Dimension(shape) + 1
            ) AS geom
    ) AS s
    WHERE NOT ST_IsEmpty(s.geom);
END;
$$;

-- Cells are counted by adding rows, never by changing one, so writers never wait for each other;
-- here the rows of a cell become one again. Only whoever numbers changes calls it, under that lock.
CREATE OR REPLACE FUNCTION muang.fold_cells() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    cells regclass;
BEGIN
    FOR cells IN
        SELECT c.oid
        FROM pg_class AS c
        WHERE c.relnamespace = 'render'::regnamespace AND c.relkind = 'r' AND c.relname LIKE '%\_cells'
    LOOP
        EXECUTE format(
            'WITH gone AS (
                DELETE FROM %1$s AS c
                WHERE (c.z, c.tile_x, c.tile_y) IN (
                    SELECT d.z, d.tile_x, d.tile_y FROM %1$s AS d
                    GROUP BY d.z, d.tile_x, d.tile_y
                    HAVING count(*) > count(DISTINCT (d.cell, d.class))
                )
                RETURNING c.*
            )
            INSERT INTO %1$s (z, tile_x, tile_y, cell, class, n)
            SELECT g.z, g.tile_x, g.tile_y, g.cell, g.class, sum(g.n)
            FROM gone AS g
            GROUP BY g.z, g.tile_x, g.tile_y, g.cell, g.class
            HAVING sum(g.n) <> 0',
            cells
        );
    END LOOP;
END;
$$;
