-- Roads and waste routes under water, and what service the water takes.
-- from: roads, waste_routes, waste_stops -> parts of the impact answer

-- zones with ranks: one area for each depth class; pieces: the flood cut small, for the lengths.
-- The roads with the longest stretches under water are named, at most 100.
CREATE OR REPLACE FUNCTION muang.impact_roads(
    zones gis.geometry[],
    ranks integer[],
    pieces gis.geometry[],
    with_ids boolean
) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
    part jsonb;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM roads) THEN
        RETURN '{}';
    END IF;
    WITH met AS (
        SELECT
            r.id,
            max(z.rank) AS rank
        FROM unnest(zones, ranks) AS z (geom, rank)
        INNER JOIN roads AS r ON ST_Intersects(r.geom, z.geom)
        GROUP BY r.id
    ),

    under AS (
        SELECT
            r.id,
            sum(ST_Length(ST_Intersection(r.geom, k.piece))) AS wet_m
        FROM unnest(pieces) AS k (piece)
        INNER JOIN roads AS r ON ST_Intersects(r.geom, k.piece)
        GROUP BY r.id
    ),

    wet AS (
        SELECT
            m.id,
            coalesce((ARRAY['lt_0_3', '0_3_0_5', '0_5_1', 'gt_1'])[m.rank], 'unknown') AS depth,
            coalesce(u.wet_m, 0) AS wet_m
        FROM met AS m
        LEFT JOIN under AS u ON m.id = u.id
    )

    SELECT
        jsonb_build_object(
            'count', (SELECT count(*) FROM wet),
            'wet_length_m', round((SELECT coalesce(sum(w.wet_m), 0) FROM wet AS w)::numeric, 2),
            'wet_length_by_depth', (
                SELECT coalesce(jsonb_object_agg(g.depth, g.wet_m), '{}')
                FROM (
                    SELECT
                        w.depth,
                        round(sum(w.wet_m)::numeric, 2) AS wet_m
                    FROM wet AS w
                    GROUP BY w.depth
                ) AS g
            ),
            'named', (
                SELECT coalesce(jsonb_agg(n.row ORDER BY n.wet_m DESC, n.id ASC), '[]')
                FROM (
                    SELECT
                        r.id,
                        w.wet_m,
                        jsonb_build_object(
                            'id', r.id, 'code', r.code, 'name', r.name, 'class', r.class,
                            'bridge', r.bridge, 'depth', w.depth,
                            'length_m', round(ST_Length(r.geom)::numeric, 2),
                            'wet_length_m', round(w.wet_m::numeric, 2)
                        ) AS row
                    FROM (SELECT * FROM wet AS o ORDER BY o.wet_m DESC, o.id ASC LIMIT 100) AS w
                    INNER JOIN roads AS r ON w.id = r.id
                ) AS n
            )
        )
        || CASE
            WHEN with_ids
                THEN jsonb_build_object('ids', (SELECT coalesce(jsonb_agg(w.id ORDER BY w.id), '[]') FROM wet AS w))
            ELSE '{}'
        END
    INTO part;
    RETURN jsonb_build_object('roads', part);
END;
$$;

-- Waste routes by length under water (at most 100 named), and their stops that stand in it.
-- A stop that is dry may still be cut off: that is what route-cuts answers. Accounts are told only
-- where the caller sees them, with the number of stops nobody has counted.
CREATE OR REPLACE FUNCTION muang.impact_waste(
    zones gis.geometry[],
    pieces gis.geometry[],
    with_ids boolean
) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
    part jsonb;
    counted boolean := muang.has_field('waste_stops', 'accounts_served');
BEGIN
    IF NOT EXISTS (SELECT 1 FROM waste_routes) THEN
        RETURN '{}';
    END IF;
    EXECUTE format($count$
        WITH wet AS (
            SELECT DISTINCT r.id
            FROM unnest($1) AS z (geom)
            INNER JOIN waste_routes AS r ON ST_Intersects(r.geom, z.geom)
        ),

        under AS (
            SELECT
                r.id,
                sum(ST_Length(ST_Intersection(r.geom, k.piece))) AS wet_m
            FROM unnest($2) AS k (piece)
            INNER JOIN waste_routes AS r ON ST_Intersects(r.geom, k.piece)
            GROUP BY r.id
        ),

        in_water AS (
            SELECT DISTINCT s.id
            FROM unnest($2) AS k (piece)
            INNER JOIN waste_stops AS s ON ST_Intersects(s.geom, k.piece)
        ),

        served AS (
            SELECT
                s.route_code,
                grouping(s.route_code) = 1 AS whole,
                jsonb_build_object(
                    'stops', count(*),
                    'stops_in_water', count(w.id)
                )
                || CASE WHEN $4 THEN jsonb_build_object(
                    'accounts', sum(s.accounts),
                    'accounts_in_water', CASE
                        WHEN count(w.id) = 0 THEN 0
                        ELSE sum(s.accounts) FILTER (WHERE w.id IS NOT NULL)
                    END,
                    'accounts_unknown', count(*) - count(s.accounts)
                ) ELSE '{}' END AS service
            FROM (SELECT s.id, s.route_code, %s AS accounts FROM waste_stops AS s) AS s
            LEFT JOIN in_water AS w ON s.id = w.id
            GROUP BY GROUPING SETS ((), (s.route_code))
        )

        SELECT
            jsonb_build_object(
                'count', (SELECT count(*) FROM wet),
                'wet_length_m', round((SELECT coalesce(sum(u.wet_m), 0) FROM under AS u)::numeric, 2),
                'named', (
                    SELECT coalesce(jsonb_agg(n.row ORDER BY n.wet_m DESC, n.id ASC), '[]')
                    FROM (
                        SELECT
                            r.id,
                            coalesce(u.wet_m, 0) AS wet_m,
                            jsonb_build_object(
                                'id', r.id, 'code', r.code, 'name', r.name,
                                'length_m', round(ST_Length(r.geom)::numeric, 2),
                                'wet_length_m', round(coalesce(u.wet_m, 0)::numeric, 2)
                            )
                            || coalesce(s.service, '{}') AS row
                        FROM wet AS w
                        INNER JOIN waste_routes AS r ON w.id = r.id
                        LEFT JOIN under AS u ON w.id = u.id
                        LEFT JOIN served AS s ON NOT s.whole AND r.code = s.route_code
                        ORDER BY coalesce(u.wet_m, 0) DESC, r.id ASC
                        LIMIT 100
                    ) AS n
                )
            )
            || CASE
                WHEN EXISTS (SELECT 1 FROM waste_stops)
                    THEN (SELECT jsonb_build_object('service', s.service) FROM served AS s WHERE s.whole)
                ELSE '{}'
            END
            || CASE
                WHEN $3
                    THEN jsonb_build_object('ids', (SELECT coalesce(jsonb_agg(w.id ORDER BY w.id), '[]') FROM wet AS w))
                ELSE '{}'
            END
    $count$, CASE WHEN counted THEN 's.accounts_served' ELSE 'NULL::integer' END)
    INTO part USING zones, pieces, with_ids, counted;
    RETURN jsonb_build_object('waste_routes', part);
END;
$$;
