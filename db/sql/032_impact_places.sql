-- What land, licences and places a flood touches.
-- from: parcels, permits, facilities, shelters, communities -> parts of the impact answer

-- Areas are those of `muang.impact_water`.
-- A parcel belongs to the community that holds a point on it. The appraised value is told only
-- where the caller sees it, with the number of parcels that have none.
CREATE OR REPLACE FUNCTION muang.impact_parcels(
    zones gis.geometry[],
    ranks integer[],
    flood gis.geometry,
    pieces gis.geometry[],
    with_ids boolean
) RETURNS jsonb
LANGUAGE plpgsql STABLE
-- all parcels of a town of 200,000 are grouped in main memory
SET work_mem = '32MB' AS $$
DECLARE
    part jsonb;
    valued boolean := muang.has_field('parcels', 'appraised_value');
    grouped boolean;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM parcels) THEN
        RETURN '{}';
    END IF;
    SELECT EXISTS (SELECT 1 FROM communities) INTO grouped;
    EXECUTE format($count$
        WITH pair AS MATERIALIZED (
            -- by itself: what is grouped is sorted, and shapes need not be
            SELECT
                p.id,
                z.rank,
                ST_Covers(z.geom, p.geom) AS inside
            FROM unnest($1, $2) AS z (geom, rank)
            INNER JOIN parcels AS p ON ST_Intersects(p.geom, z.geom)
        ),

        met AS (
            SELECT
                m.id,
                max(m.rank) AS rank,
                bool_or(m.inside) AS inside
            FROM pair AS m
            GROUP BY m.id
        ),

        wet AS MATERIALIZED (
            SELECT
                p.id,
                p.geom,
                coalesce(p.use, 'unknown') AS class,
                m.rank,
                m.inside,
                %s AS value
            FROM met AS m
            INNER JOIN parcels AS p ON m.id = p.id
        ),

        held AS (
            SELECT c.id, c.code
            FROM (
                SELECT array_agg(w.id) AS ids, array_agg(ST_PointOnSurface(w.geom)) AS points
                FROM wet AS w
                WHERE $6
            ) AS a
            CROSS JOIN LATERAL muang.communities_at(a.ids, a.points) AS c
        ),

        measured AS (
            SELECT
                w.id,
                w.class,
                w.value,
                coalesce((ARRAY['lt_0_3', '0_3_0_5', '0_5_1', 'gt_1'])[w.rank], 'unknown') AS depth,
                coalesce(h.code, '') AS place,
                ST_Area(w.geom) AS area_m2,
                -- whole parcels under water need no overlay; the others meet only small pieces
                CASE
                    WHEN w.inside OR ST_Covers($3, w.geom) THEN ST_Area(w.geom)
                    ELSE (
                        SELECT coalesce(sum(ST_Area(ST_Intersection(w.geom, k))), 0)
                        FROM unnest($4) AS k
                        WHERE k && w.geom AND ST_Intersects(k, w.geom)
                    )
                END AS wet_area_m2
            FROM wet AS w
            LEFT JOIN held AS h ON w.id = h.id
        ),

        counted AS (
            SELECT
                grouping(m.class, m.depth, m.place) AS way,
                m.class,
                m.depth,
                m.place,
                count(*) AS n,
                jsonb_build_object(
                    'count', count(*),
                    'area_m2', round(coalesce(sum(m.area_m2), 0)::numeric, 2),
                    'wet_area_m2', round(coalesce(sum(m.wet_area_m2), 0)::numeric, 2)
                )
                || CASE WHEN $7 THEN jsonb_build_object(
                    'appraised_value', round(sum(m.value)::numeric, 2),
                    'value_unknown', count(*) - count(m.value)
                ) ELSE '{}' END AS whole
            FROM measured AS m
            GROUP BY GROUPING SETS ((), (m.class), (m.depth), (m.place))
        )

        SELECT
            (SELECT c.whole FROM counted AS c WHERE c.way = 7)
            || jsonb_build_object(
                'by_class', (SELECT coalesce(jsonb_object_agg(c.class, c.n), '{}') FROM counted AS c WHERE c.way = 3),
                'by_use', (SELECT coalesce(jsonb_object_agg(c.class, c.whole), '{}') FROM counted AS c WHERE c.way = 3),
                'by_depth', (SELECT coalesce(jsonb_object_agg(c.depth, c.n), '{}') FROM counted AS c WHERE c.way = 5)
            )
            || CASE WHEN $6 THEN jsonb_build_object(
                'by_community', (SELECT coalesce(jsonb_object_agg(c.place, c.n), '{}') FROM counted AS c WHERE c.way = 6)
            ) ELSE '{}' END
            || CASE
                WHEN $5
                    THEN jsonb_build_object('ids', (SELECT coalesce(jsonb_agg(m.id ORDER BY m.id), '[]') FROM measured AS m))
                ELSE '{}'
            END
    $count$,
    CASE WHEN valued THEN 'p.appraised_value' ELSE 'NULL::double precision' END)
    INTO part USING zones, ranks, flood, pieces, with_ids, grouped, valued;
    RETURN jsonb_build_object('parcels', part);
END;
$$;

-- Permits by kind; those hazardous to health are named, at most 200, with what the caller may see.
CREATE OR REPLACE FUNCTION muang.impact_permits(
    zones gis.geometry[],
    with_ids boolean
) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
    part jsonb;
    classed boolean := muang.has_field('permits', 'hazard_class');
BEGIN
    IF NOT EXISTS (SELECT 1 FROM permits) THEN
        RETURN '{}';
    END IF;
    EXECUTE format($count$
        WITH wet AS (
            SELECT DISTINCT
                f.id,
                coalesce(f.kind, 'unknown') AS class,
                coalesce(f.kind = 'hazardous', false) OR %s AS hazardous
            FROM unnest($1) AS z (geom)
            INNER JOIN permits AS f ON ST_Intersects(f.geom, z.geom)
        )

        SELECT
            jsonb_build_object(
                'count', (SELECT count(*) FROM wet),
                'by_class', (
                    SELECT coalesce(jsonb_object_agg(g.class, g.n), '{}')
                    FROM (SELECT w.class, count(*) AS n FROM wet AS w GROUP BY w.class) AS g
                ),
                'hazardous', jsonb_build_object(
                    'count', (SELECT count(*) FROM wet AS w WHERE w.hazardous),
                    'named', (
                        SELECT coalesce(jsonb_agg(n.row ORDER BY n.permit_no, n.id), '[]')
                        FROM (
                            SELECT
                                f.id,
                                f.permit_no,
                                jsonb_build_object(
                                    'id', f.id, 'permit_no', f.permit_no, 'kind', f.kind, 'status', f.status, 'address', f.address
                                    %s%s
                                ) AS row
                            FROM permits AS f
                            WHERE f.id IN (SELECT w.id FROM wet AS w WHERE w.hazardous)
                            ORDER BY f.permit_no ASC, f.id ASC
                            LIMIT 200
                        ) AS n
                    )
                )
            )
            || CASE
                WHEN $2
                    THEN jsonb_build_object('ids', (SELECT coalesce(jsonb_agg(w.id ORDER BY w.id), '[]') FROM wet AS w))
                ELSE '{}'
            END
    $count$,
    CASE WHEN classed THEN 'f.hazard_class IS NOT NULL' ELSE 'false' END,
    CASE WHEN classed THEN ', ''hazard_class'', f.hazard_class' ELSE '' END,
    CASE WHEN muang.has_field('permits', 'holder_name') THEN ', ''holder_name'', f.holder_name' ELSE '' END)
    INTO part USING zones, with_ids;
    RETURN jsonb_build_object('permits', part);
END;
$$;

-- Facilities by kind, and by name: at most 200, hospitals, clinics and rescue first.
CREATE OR REPLACE FUNCTION muang.impact_facilities(
    zones gis.geometry[],
    with_ids boolean
) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
    part jsonb;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM facilities) THEN
        RETURN '{}';
    END IF;
    WITH wet AS (
        SELECT DISTINCT
            f.id,
            f.code,
            f.name,
            f.kind,
            coalesce(f.kind, 'unknown') AS class,
            coalesce(array_position(ARRAY['hospital', 'clinic', 'fire_station', 'police', 'school'], f.kind), 9) AS place
        FROM unnest(zones) AS z (geom)
        INNER JOIN facilities AS f ON ST_Intersects(f.geom, z.geom)
    )

    SELECT
        jsonb_build_object(
            'count', (SELECT count(*) FROM wet),
            'by_class', (
                SELECT coalesce(jsonb_object_agg(g.class, g.n), '{}')
                FROM (SELECT w.class, count(*) AS n FROM wet AS w GROUP BY w.class) AS g
            ),
            'named', (
                SELECT
                    coalesce(jsonb_agg(
                        jsonb_build_object('id', n.id, 'code', n.code, 'name', n.name, 'kind', n.kind)
                        ORDER BY n.place, n.code, n.id
                    ), '[]')
                FROM (SELECT * FROM wet AS w ORDER BY w.place ASC, w.code ASC, w.id ASC LIMIT 200) AS n
            )
        )
        || CASE
            WHEN with_ids
                THEN jsonb_build_object('ids', (SELECT coalesce(jsonb_agg(w.id ORDER BY w.id), '[]') FROM wet AS w))
            ELSE '{}'
        END
    INTO part;
    RETURN jsonb_build_object('facilities', part);
END;
$$;

-- Shelters that flood, by name (at most 200); capacity is the sum of those whose capacity is known.
CREATE OR REPLACE FUNCTION muang.impact_shelters(
    zones gis.geometry[],
    ranks integer[],
    with_ids boolean
) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
    part jsonb;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM shelters) THEN
        RETURN '{}';
    END IF;
    WITH wet AS (
        SELECT DISTINCT ON (s.id)
            s.id,
            s.code,
            s.name,
            s.capacity,
            s.open,
            coalesce((ARRAY['lt_0_3', '0_3_0_5', '0_5_1', 'gt_1'])[z.rank], 'unknown') AS depth
        FROM unnest(zones, ranks) AS z (geom, rank)
        INNER JOIN shelters AS s ON ST_Intersects(s.geom, z.geom)
        ORDER BY s.id ASC, z.rank DESC NULLS LAST
    )

    SELECT
        jsonb_build_object(
            'count', count(*),
            'capacity', coalesce(sum(w.capacity), 0),
            'capacity_unknown', count(*) - count(w.capacity),
            'named', (
                SELECT
                    coalesce(jsonb_agg(
                        jsonb_build_object(
                            'id', n.id, 'code', n.code, 'name', n.name,
                            'capacity', n.capacity, 'open', n.open, 'depth', n.depth
                        ) ORDER BY n.code, n.id
                    ), '[]')
                FROM (SELECT * FROM wet AS o ORDER BY o.code ASC, o.id ASC LIMIT 200) AS n
            )
        )
        || CASE
            WHEN with_ids THEN jsonb_build_object('ids', coalesce(jsonb_agg(w.id ORDER BY w.id), '[]'))
            ELSE '{}'
        END
    INTO part
    FROM wet AS w;
    RETURN jsonb_build_object('shelters', part);
END;
$$;
