-- The water of an impact answer, and what counting it needs. All here and in 031 to 033 reads the
-- caller's own views: unqualified names resolve through the caller's search_path, so no function
-- can count what the caller may not see.
-- from: flood_zones -> areas of water by depth, which the functions of 031 to 033 count over

-- Order of the depth classes, deepest last; null for unknown.
CREATE OR REPLACE FUNCTION muang.depth_rank(depth_class text) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT array_position(ARRAY['lt_0_3', '0_3_0_5', '0_5_1', 'gt_1'], depth_class);
$$;

-- The class of a depth in metres: 'dry' at or below 0, 'unknown' where nobody knows.
CREATE OR REPLACE FUNCTION muang.depth_class(depth_m double precision) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN depth_m IS NULL THEN 'unknown'
        WHEN depth_m <= 0 THEN 'dry'
        WHEN depth_m <= 0.3 THEN 'lt_0_3'
        WHEN depth_m <= 0.5 THEN '0_3_0_5'
        WHEN depth_m <= 1 THEN '0_5_1'
        ELSE 'gt_1'
    END;
$$;

-- Greatest depth over a floor in metres: the water may be low_m to high_m deep over the ground.
-- Null where floor or water is unknown, and where water without a known limit (infinity) may be
-- over the floor or below it; infinity where it is surely over it and may be any height.
CREATE OR REPLACE FUNCTION muang.indoor_depth(
    low_m double precision,
    high_m double precision,
    floor_m double precision
) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN high_m = 'infinity' THEN CASE WHEN low_m > floor_m THEN high_m END
        ELSE round((high_m - floor_m)::numeric, 3)::double precision
    END;
$$;

-- The union of areas; a single one as it is.
CREATE OR REPLACE FUNCTION muang.one_area(areas gis.geometry[]) RETURNS gis.geometry
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN cardinality(areas) = 1 THEN areas[1] ELSE gis.ST_Union(areas) END;
$$;

-- The parts of an area, those of very many points cut up: to ask of 200,000 parcels whether each
-- meets the union of 400 waters (50,000 points in one part) takes 18 s whole and 1.5 s so. Each part
-- has a box of its own: one water of three parts over 200,000 parcels makes 5 times as many
-- candidates as its parts do (85 and 17 ms); what meets a part meets the whole.
CREATE OR REPLACE FUNCTION muang.handy_parts(area gis.geometry) RETURNS SETOF gis.geometry
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT gis.ST_Subdivide(p.geom, CASE WHEN gis.ST_NPoints(p.geom) > 2048 THEN 128 ELSE 2048 END)
    FROM gis.ST_Dump(area) AS p;
$$;

-- Whether the caller's view of a layer has a field.
CREATE OR REPLACE FUNCTION muang.has_field(layer text, field text) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT 1
        FROM pg_catalog.pg_attribute AS a
        WHERE a.attrelid = to_regclass(quote_ident(layer)) AND a.attname = field AND a.attnum > 0
    );
$$;

-- The community that holds each point, the first by id where several do; no row where none does.
-- Communities are looked for once in each cell of 256 m that has points, and then looked at one
-- after the other, unpacked, so that each outline is made ready once and not anew for every point:
-- 5,850 parcels in 144 communities take 30 ms so, and 170 ms point by point.
CREATE OR REPLACE FUNCTION muang.communities_at(
    ids bigint[],
    points gis.geometry[]
) RETURNS TABLE (id bigint, code text)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    -- EXECUTE: planned for the number of points there are, not for any number
    RETURN QUERY EXECUTE $found$
    WITH spot AS MATERIALIZED (
        SELECT
            p.id,
            p.point,
            floor(ST_X(p.point) / 256) AS x,
            floor(ST_Y(p.point) / 256) AS y
        FROM unnest($1, $2) AS p (id, point)
    ),

    cell AS MATERIALIZED (
        SELECT
            d.x,
            d.y,
            c.id AS community
        FROM (SELECT DISTINCT s.x, s.y, ST_SRID(s.point) AS srid FROM spot AS s) AS d
        INNER JOIN communities AS c
            ON ST_MakeEnvelope(d.x * 256, d.y * 256, d.x * 256 + 256, d.y * 256 + 256, d.srid) && c.geom
    ),

    near AS MATERIALIZED (
        SELECT
            s.id,
            s.point,
            e.community
        FROM spot AS s
        INNER JOIN cell AS e ON s.x = e.x AND s.y = e.y
        ORDER BY e.community
    )

    SELECT DISTINCT ON (n.id)
        n.id,
        c.code
    FROM near AS n
    INNER JOIN (
        -- what is made of a stored outline is unpacked
        SELECT
            c.id,
            c.code,
            ST_Force2D(c.geom) AS geom
        FROM communities AS c
        OFFSET 0
    ) AS c ON n.community = c.id
    WHERE ST_Intersects(c.geom, n.point)
    ORDER BY n.id ASC, c.id ASC
    $found$ USING ids, points;
END;
$$;

-- The water of a question: one row. zone_ids: surrogate ids of flood_zones, or null; drawn: a valid
-- polygon in the town's CRS, or null.
-- flood: all of it; pieces: the same cut small, for areas and lengths of what is in it.
-- zones with ranks: areas that share no place, each with the deepest class of its place.
-- shapes with shape_ranks, lows, highs: areas with the class, the least and the greatest depth (m);
-- a place may lie in several, and what counts is the greatest of each.
-- Counts are of features that ST_Intersects the flood; lengths and areas are of the wet part, in
-- metres of the town's projected CRS, each place counted once however many zones cover it.
CREATE OR REPLACE FUNCTION muang.impact_water(
    zone_ids bigint[],
    drawn gis.geometry
) RETURNS TABLE (
    area_m2 double precision,
    depth_known boolean,
    flood gis.geometry,
    pieces gis.geometry[],
    zones gis.geometry[],
    ranks integer[],
    shapes gis.geometry[],
    shape_ranks integer[],
    lows double precision[],
    highs double precision[]
)
LANGUAGE plpgsql STABLE AS $$
DECLARE
    apart geometry[] := '{}';
    nested boolean;
BEGIN
    IF drawn IS NOT NULL THEN
        shapes := ARRAY[drawn];
        shape_ranks := ARRAY[NULL::integer];
        lows := ARRAY[NULL::double precision];
        highs := ARRAY[NULL::double precision];
    ELSE
        -- one area for each depth: a feature then meets a handful of areas, not every zone
        -- (all 56 zones of the demo over 12,000 parcels: 3.3 s zone by zone, 1.1 s so)
        SELECT
            array_agg(muang.one_area(d.geoms) ORDER BY d.rank NULLS FIRST, d.low NULLS FIRST, d.high NULLS FIRST),
            array_agg(d.rank ORDER BY d.rank NULLS FIRST, d.low NULLS FIRST, d.high NULLS FIRST),
            array_agg(d.low ORDER BY d.rank NULLS FIRST, d.low NULLS FIRST, d.high NULLS FIRST),
            array_agg(d.high ORDER BY d.rank NULLS FIRST, d.low NULLS FIRST, d.high NULLS FIRST)
        INTO shapes, shape_ranks, lows, highs
        FROM (
            SELECT
                z.rank,
                z.low,
                z.high,
                array_agg(z.geom ORDER BY z.id) AS geoms
            FROM (
                SELECT
                    z.id,
                    z.geom,
                    r.rank,
                    coalesce(z.depth_min_m, (ARRAY[0, 0.3, 0.5, 1])[r.rank]) AS low,
                    coalesce(
                        z.depth_max_m,
                        (ARRAY[0.3, 0.5, 1, 'infinity'::double precision])[r.rank]
                    ) AS high
                FROM flood_zones AS z
                CROSS JOIN LATERAL (SELECT muang.depth_rank(z.depth_class) AS rank) AS r
                WHERE z.id = any(zone_ids)
            ) AS z
            GROUP BY z.rank, z.low, z.high
        ) AS d;
    END IF;
    IF shapes IS NULL THEN
        area_m2 := 0;
        depth_known := false;
        RETURN NEXT;
        RETURN;
    END IF;

    -- where depths only grow from one area to the next, what lies in the deepest needs no other
    nested := cardinality(shapes) <= 8 AND NOT EXISTS (
        SELECT 1
        FROM (
            SELECT
                coalesce(s.low, '-infinity') AS low,
                coalesce(s.high, '-infinity') AS high,
                lag(coalesce(s.low, '-infinity')) OVER (ORDER BY s.n) AS low_before,
                lag(coalesce(s.high, '-infinity')) OVER (ORDER BY s.n) AS high_before
            FROM unnest(lows, highs) WITH ORDINALITY AS s (low, high, n)
        ) AS s
        WHERE s.low < s.low_before OR s.high < s.high_before
    );
    IF nested THEN
        zones := shapes;
        ranks := shape_ranks;
    ELSE
        SELECT
            array_agg(muang.one_area(d.geoms) ORDER BY d.rank NULLS FIRST),
            array_agg(d.rank ORDER BY d.rank NULLS FIRST)
        INTO zones, ranks
        FROM (
            SELECT
                array_agg(s.geom ORDER BY s.n) AS geoms,
                s.rank
            FROM unnest(shapes, shape_ranks) WITH ORDINALITY AS s (geom, rank, n)
            GROUP BY s.rank
        ) AS d;
    END IF;
    depth_known := array_position(ranks, NULL) IS NULL;

    -- the deepest first, each without what is deeper: zones of one scenario may overlap, and 400
    -- zones that lie eight deep over 200,000 parcels make four times as many pairs as parcels
    FOR n IN REVERSE cardinality(zones)..1 LOOP
        apart := array_prepend(
            CASE WHEN flood IS NULL THEN zones[n] ELSE ST_Difference(zones[n], flood) END, apart
        );
        flood := CASE WHEN flood IS NULL THEN zones[n] ELSE ST_Union(zones[n], flood) END;
    END LOOP;
    area_m2 := round(ST_Area(flood)::numeric, 2);
    SELECT array_agg(p.piece) INTO pieces FROM (SELECT ST_Subdivide(flood, 128) AS piece) AS p;

    IF NOT nested THEN
        SELECT
            array_agg(p.geom),
            array_agg(s.rank),
            array_agg(s.low),
            array_agg(s.high)
        INTO shapes, shape_ranks, lows, highs
        FROM unnest(shapes, shape_ranks, lows, highs) AS s (geom, rank, low, high)
        CROSS JOIN LATERAL muang.handy_parts(s.geom) AS p (geom);
        SELECT
            array_agg(p.geom),
            array_agg(z.rank)
        INTO zones, ranks
        FROM unnest(apart, ranks) AS z (geom, rank)
        CROSS JOIN LATERAL muang.handy_parts(z.geom) AS p (geom);
    ELSE
        SELECT
            array_agg(p.geom),
            array_agg(s.rank),
            array_agg(s.low),
            array_agg(s.high)
        INTO shapes, shape_ranks, lows, highs
        FROM unnest(apart, shape_ranks, lows, highs) AS s (geom, rank, low, high)
        CROSS JOIN LATERAL muang.handy_parts(s.geom) AS p (geom);
        zones := shapes;
        ranks := shape_ranks;
    END IF;
    RETURN NEXT;
END;
$$;
