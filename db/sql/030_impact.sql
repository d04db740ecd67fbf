-- What a flood touches, counted over the caller's own views: unqualified names resolve through
-- the caller's search_path, so the function can never count what the caller may not see.
-- from: flood_zones, parcels, permits, houses, households, care_locations, facilities, shelters,
-- roads, waste_routes -> the impact answer

-- Order of the depth classes, deepest last; null for unknown.
CREATE OR REPLACE FUNCTION muang.depth_rank(depth_class text) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT array_position(ARRAY['lt_0_3', '0_3_0_5', '0_5_1', 'gt_1'], depth_class);
$$;

-- zone_ids: surrogate ids of flood_zones, or null; drawn: a valid polygon in the town's CRS, or null.
-- scoped: layers the caller has no view of but a function of their own, which takes scope_keys.
-- Counts are of features that ST_Intersects the flood; lengths and areas are of the wet part, in
-- metres of the town's projected CRS, each place counted once however many zones cover it.
CREATE OR REPLACE FUNCTION muang.impact(
    zone_ids bigint[],
    drawn gis.geometry,
    asked text[],
    with_ids boolean,
    scoped text[],
    scope_keys text[]
) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
    exposed jsonb := '{}';
    part jsonb;
    flood geometry;
    flood_area double precision;
    depth_known boolean;
    zones geometry[];
    ranks integer[];
    pieces geometry[];
    wet_houses text[];
    present boolean;
    care_ids bigint[];
    care_classes text[];
BEGIN
    -- a statement that names a view the caller has not is planned only when it is reached, so each
    -- layer is looked at in a statement of its own, after it was found among those asked for
    IF drawn IS NOT NULL THEN
        zones := ARRAY[drawn];
        ranks := ARRAY[NULL::integer];
    ELSE
        -- one area for each depth class: a feature then meets a handful of areas, not every zone
        -- (all 56 zones of the demo over 12,000 parcels: 3.3 s zone by zone, 1.1 s so)
        SELECT
            array_agg(d.geom ORDER BY d.rank),
            array_agg(d.rank ORDER BY d.rank)
        INTO zones, ranks
        FROM (
            SELECT
                ST_Union(z.geom) AS geom,
                muang.depth_rank(z.depth_class) AS rank
            FROM flood_zones AS z
            WHERE z.id = any(zone_ids)
            GROUP BY muang.depth_rank(z.depth_class)
        ) AS d;
    END IF;
    depth_known := array_position(ranks, NULL) IS NULL AND zones IS NOT NULL;
    -- zones of one scenario may overlap: the union counts each place once
    SELECT ST_Union(z) INTO flood FROM unnest(zones) AS z;
    flood_area := coalesce(ST_Area(flood), 0);
    SELECT array_agg(p.piece) INTO pieces FROM (SELECT ST_Subdivide(flood, 128) AS piece) AS p;

    present := 'houses' = any(asked);
    IF present THEN
        SELECT EXISTS (SELECT 1 FROM houses) INTO present;
    END IF;
    IF present THEN
        WITH wet AS (
            SELECT DISTINCT ON (h.id)
                h.id,
                h.house_code,
                h.floor_height_m,
                z.rank
            FROM unnest(zones, ranks) AS z (geom, rank)
            INNER JOIN houses AS h ON ST_Intersects(h.geom, z.geom)
            ORDER BY h.id ASC, z.rank DESC NULLS LAST
        ),

        by_depth AS (
            SELECT
                coalesce((ARRAY['lt_0_3', '0_3_0_5', '0_5_1', 'gt_1'])[w.rank], 'unknown') AS class,
                count(*) AS n
            FROM wet AS w
            GROUP BY 1
        )

        SELECT
            jsonb_build_object(
                'count', (SELECT count(*) FROM wet),
                'by_depth', (SELECT coalesce(jsonb_object_agg(d.class, d.n), '{}') FROM by_depth AS d),
                'depth_unknown',
                (SELECT count(*) FROM wet AS w WHERE w.rank IS NULL OR w.floor_height_m IS NULL)
            )
            || CASE
                WHEN with_ids
                    THEN jsonb_build_object('ids', (SELECT coalesce(jsonb_agg(w.id ORDER BY w.id), '[]') FROM wet AS w))
                ELSE '{}'
            END,
            (SELECT array_agg(w.house_code) FROM wet AS w WHERE w.house_code IS NOT NULL)
        INTO part, wet_houses;
        exposed := exposed || jsonb_build_object('houses', part);

        present := 'households' = any(asked);
        IF present THEN
            -- who sleeps there tonight; where nobody has asked, who is registered there
            EXECUTE format($count$
                SELECT
                    CASE WHEN EXISTS (SELECT 1 FROM %1$s) THEN jsonb_build_object(
                        'households', jsonb_build_object('count', count(*)),
                        'people', jsonb_build_object(
                            'count', coalesce(sum(b.a + b.b + b.c + b.d), 0),
                            'by_age', jsonb_build_object(
                                '0-5', coalesce(sum(b.a), 0),
                                '6-17', coalesce(sum(b.b), 0),
                                '18-59', coalesce(sum(b.c), 0),
                                '60+', coalesce(sum(b.d), 0)
                            )
                        )
                    ) ELSE '{}' END
                FROM (
                    SELECT
                        CASE WHEN k.known THEN coalesce(p.sleeping_0_5, 0) ELSE coalesce(p.registered_0_5, 0) END AS a,
                        CASE WHEN k.known THEN coalesce(p.sleeping_6_17, 0) ELSE coalesce(p.registered_6_17, 0) END AS b,
                        CASE WHEN k.known THEN coalesce(p.sleeping_18_59, 0) ELSE coalesce(p.registered_18_59, 0) END AS c,
                        CASE WHEN k.known THEN coalesce(p.sleeping_60_up, 0) ELSE coalesce(p.registered_60_up, 0) END AS d
                    FROM %1$s AS p
                    CROSS JOIN LATERAL (
                        SELECT
                            num_nonnulls(
                                p.sleeping_0_5, p.sleeping_6_17, p.sleeping_18_59, p.sleeping_60_up
                            ) > 0 AS known
                    ) AS k
                    WHERE p.house_code = any($2)
                ) AS b
            $count$, CASE WHEN 'households' = any(scoped) THEN 'households_rows($1)' ELSE 'households' END)
            INTO part USING scope_keys, wet_houses;
            exposed := part || exposed;
        END IF;
    END IF;

    IF 'care_locations' = any(asked) THEN
        -- to_jsonb: roles that may not see the band have no such column, and count by kind
        IF 'care_locations' = any(scoped) THEN
            SELECT EXISTS (SELECT 1 FROM care_locations_rows(scope_keys, NULL)) INTO present;
            SELECT array_agg(w.id ORDER BY w.id), array_agg(w.class ORDER BY w.id)
            INTO care_ids, care_classes
            FROM (
                SELECT DISTINCT
                    c.id,
                    coalesce(to_jsonb(c) ->> 'band', c.kind) AS class
                FROM care_locations_rows(scope_keys, ST_Envelope(flood)) AS c
                INNER JOIN unnest(zones) AS z (geom) ON ST_Intersects(c.geom, z.geom)
            ) AS w;
        ELSE
            SELECT EXISTS (SELECT 1 FROM care_locations) INTO present;
            SELECT array_agg(w.id ORDER BY w.id), array_agg(w.class ORDER BY w.id)
            INTO care_ids, care_classes
            FROM (
                SELECT DISTINCT
                    c.id,
                    coalesce(to_jsonb(c) ->> 'band', c.kind) AS class
                FROM unnest(zones) AS z (geom)
                INNER JOIN care_locations AS c ON ST_Intersects(c.geom, z.geom)
            ) AS w;
        END IF;
        IF present THEN
            part := jsonb_build_object(
                'count', coalesce(cardinality(care_ids), 0),
                'by_class', (
                    SELECT coalesce(jsonb_object_agg(g.class, g.n), '{}')
                    FROM (
                        SELECT
                            u.class,
                            count(*) AS n
                        FROM unnest(care_classes) AS u (class)
                        GROUP BY u.class
                    ) AS g
                )
            )
            || CASE
                WHEN with_ids THEN jsonb_build_object('ids', to_jsonb(coalesce(care_ids, '{}')))
                ELSE '{}'
            END;
            exposed := exposed || jsonb_build_object('care_locations', part);
        END IF;
    END IF;

    present := 'parcels' = any(asked);
    IF present THEN
        SELECT EXISTS (SELECT 1 FROM parcels) INTO present;
    END IF;
    IF present THEN
        WITH wet AS (
            SELECT DISTINCT ON (p.id)
                p.id,
                p.geom,
                coalesce(p.use, 'unknown') AS class,
                z.rank
            FROM unnest(zones, ranks) AS z (geom, rank)
            INNER JOIN parcels AS p ON ST_Intersects(p.geom, z.geom)
            ORDER BY p.id ASC, z.rank DESC NULLS LAST
        ),

        measured AS (
            SELECT
                w.id,
                ST_Area(w.geom) AS area_m2,
                -- whole parcels under water need no overlay; the others meet only small pieces
                CASE
                    WHEN ST_Covers(flood, w.geom) THEN ST_Area(w.geom)
                    ELSE (
                        SELECT coalesce(sum(ST_Area(ST_Intersection(w.geom, k))), 0)
                        FROM unnest(pieces) AS k
                        WHERE k && w.geom AND ST_Intersects(k, w.geom)
                    )
                END AS wet_area_m2
            FROM wet AS w
        )

        SELECT
            jsonb_build_object(
                'count', (SELECT count(*) FROM wet),
                'area_m2', round((SELECT coalesce(sum(m.area_m2), 0) FROM measured AS m)::numeric, 2),
                'wet_area_m2', round((SELECT coalesce(sum(m.wet_area_m2), 0) FROM measured AS m)::numeric, 2),
                'by_class', (
                    SELECT coalesce(jsonb_object_agg(g.class, g.n), '{}')
                    FROM (SELECT w.class, count(*) AS n FROM wet AS w GROUP BY w.class) AS g
                ),
                'by_depth', (
                    SELECT coalesce(jsonb_object_agg(g.class, g.n), '{}')
                    FROM (
                        SELECT
                            coalesce((ARRAY['lt_0_3', '0_3_0_5', '0_5_1', 'gt_1'])[w.rank], 'unknown') AS class,
                            count(*) AS n
                        FROM wet AS w
                        GROUP BY 1
                    ) AS g
                )
            )
            || CASE
                WHEN with_ids
                    THEN jsonb_build_object('ids', (SELECT coalesce(jsonb_agg(w.id ORDER BY w.id), '[]') FROM wet AS w))
                ELSE '{}'
            END
        INTO part;
        exposed := exposed || jsonb_build_object('parcels', part);
    END IF;

    present := 'permits' = any(asked);
    IF present THEN
        SELECT EXISTS (SELECT 1 FROM permits) INTO present;
    END IF;
    IF present THEN
        WITH wet AS (
            SELECT DISTINCT
                f.id,
                coalesce(f.kind, 'unknown') AS class
            FROM unnest(zones) AS z (geom)
            INNER JOIN permits AS f ON ST_Intersects(f.geom, z.geom)
        )

        SELECT
            jsonb_build_object(
                'count', (SELECT count(*) FROM wet),
                'by_class', (
                    SELECT coalesce(jsonb_object_agg(g.class, g.n), '{}')
                    FROM (SELECT w.class, count(*) AS n FROM wet AS w GROUP BY w.class) AS g
                )
            )
            || CASE
                WHEN with_ids
                    THEN jsonb_build_object('ids', (SELECT coalesce(jsonb_agg(w.id ORDER BY w.id), '[]') FROM wet AS w))
                ELSE '{}'
            END
        INTO part;
        exposed := exposed || jsonb_build_object('permits', part);
    END IF;

    present := 'facilities' = any(asked);
    IF present THEN
        SELECT EXISTS (SELECT 1 FROM facilities) INTO present;
    END IF;
    IF present THEN
        WITH wet AS (
            SELECT DISTINCT
                f.id,
                coalesce(f.kind, 'unknown') AS class
            FROM unnest(zones) AS z (geom)
            INNER JOIN facilities AS f ON ST_Intersects(f.geom, z.geom)
        )

        SELECT
            jsonb_build_object(
                'count', (SELECT count(*) FROM wet),
                'by_class', (
                    SELECT coalesce(jsonb_object_agg(g.class, g.n), '{}')
                    FROM (SELECT w.class, count(*) AS n FROM wet AS w GROUP BY w.class) AS g
                )
            )
            || CASE
                WHEN with_ids
                    THEN jsonb_build_object('ids', (SELECT coalesce(jsonb_agg(w.id ORDER BY w.id), '[]') FROM wet AS w))
                ELSE '{}'
            END
        INTO part;
        exposed := exposed || jsonb_build_object('facilities', part);
    END IF;

    present := 'shelters' = any(asked);
    IF present THEN
        SELECT EXISTS (SELECT 1 FROM shelters) INTO present;
    END IF;
    IF present THEN
        WITH wet AS (
            SELECT DISTINCT
                s.id,
                s.capacity
            FROM unnest(zones) AS z (geom)
            INNER JOIN shelters AS s ON ST_Intersects(s.geom, z.geom)
        )

        SELECT
            jsonb_build_object(
                'count', count(*),
                'capacity', coalesce(sum(w.capacity), 0)
            )
            || CASE
                WHEN with_ids THEN jsonb_build_object('ids', coalesce(jsonb_agg(w.id ORDER BY w.id), '[]'))
                ELSE '{}'
            END
        INTO part
        FROM wet AS w;
        exposed := exposed || jsonb_build_object('shelters', part);
    END IF;

    present := 'roads' = any(asked);
    IF present THEN
        SELECT EXISTS (SELECT 1 FROM roads) INTO present;
    END IF;
    IF present THEN
        WITH wet AS (
            SELECT DISTINCT r.id
            FROM unnest(zones) AS z (geom)
            INNER JOIN roads AS r ON ST_Intersects(r.geom, z.geom)
        )

        SELECT
            jsonb_build_object(
                'count', (SELECT count(*) FROM wet),
                'wet_length_m', round((
                    SELECT coalesce(sum(ST_Length(ST_Intersection(r.geom, k.piece))), 0)
                    FROM unnest(pieces) AS k (piece)
                    INNER JOIN roads AS r ON ST_Intersects(r.geom, k.piece)
                )::numeric, 2)
            )
            || CASE
                WHEN with_ids
                    THEN jsonb_build_object('ids', (SELECT coalesce(jsonb_agg(w.id ORDER BY w.id), '[]') FROM wet AS w))
                ELSE '{}'
            END
        INTO part;
        exposed := exposed || jsonb_build_object('roads', part);
    END IF;

    present := 'waste_routes' = any(asked);
    IF present THEN
        SELECT EXISTS (SELECT 1 FROM waste_routes) INTO present;
    END IF;
    IF present THEN
        WITH wet AS (
            SELECT DISTINCT r.id
            FROM unnest(zones) AS z (geom)
            INNER JOIN waste_routes AS r ON ST_Intersects(r.geom, z.geom)
        )

        SELECT
            jsonb_build_object(
                'count', (SELECT count(*) FROM wet),
                'wet_length_m', round((
                    SELECT coalesce(sum(ST_Length(ST_Intersection(r.geom, k.piece))), 0)
                    FROM unnest(pieces) AS k (piece)
                    INNER JOIN waste_routes AS r ON ST_Intersects(r.geom, k.piece)
                )::numeric, 2)
            )
            || CASE
                WHEN with_ids
                    THEN jsonb_build_object('ids', (SELECT coalesce(jsonb_agg(w.id ORDER BY w.id), '[]') FROM wet AS w))
                ELSE '{}'
            END
        INTO part;
        exposed := exposed || jsonb_build_object('waste_routes', part);
    END IF;

    RETURN jsonb_build_object(
        'flood', jsonb_build_object('area_m2', round(flood_area::numeric, 2), 'depth_known', depth_known),
        'exposed', exposed
    );
END;
$$;
