-- Who a flood touches: houses and people by depth indoors, who is displaced, people in care.
-- from: houses, households, care_locations, communities -> parts of the impact answer

-- shapes with ranks, lows, highs: each flooded area, its depth class, its least and greatest depth.
-- scoped: households are read through the caller's function of them, which takes scope_keys.
-- by_community has codes as keys, '' for what lies in none; it is absent in a town without any.
CREATE OR REPLACE FUNCTION muang.impact_people(
    shapes gis.geometry[],
    ranks integer[],
    lows double precision[],
    highs double precision[],
    with_households boolean,
    with_ids boolean,
    scoped boolean,
    scope_keys text[],
    displaced_above_m double precision
) RETURNS jsonb
LANGUAGE plpgsql STABLE
-- all houses of a town of 200,000 are grouped in main memory
SET work_mem = '32MB' AS $$
DECLARE
    grouped boolean;
    houses jsonb;
    people jsonb := '{}';
    codes text[];
    depths double precision[];
    places text[];
BEGIN
    IF NOT EXISTS (SELECT 1 FROM houses) THEN
        RETURN '{}';
    END IF;
    SELECT EXISTS (SELECT 1 FROM communities) INTO grouped;
    WITH met AS (
        SELECT
            h.id,
            max(z.rank) AS rank,
            max(z.low) AS low,
            max(z.high) AS high
        FROM unnest(shapes, ranks, lows, highs) AS z (geom, rank, low, high)
        INNER JOIN houses AS h ON ST_Intersects(h.geom, z.geom)
        GROUP BY h.id
    ),

    held AS (
        SELECT
            c.id,
            c.code
        FROM (
            SELECT
                array_agg(h.id) AS ids,
                array_agg(h.geom) AS points
            FROM met AS m
            INNER JOIN houses AS h ON m.id = h.id
            WHERE grouped AND h.community IS NULL
        ) AS a
        CROSS JOIN LATERAL muang.communities_at(a.ids, a.points) AS c
    ),

    wet AS MATERIALIZED (
        SELECT
            h.id,
            h.house_code,
            coalesce((ARRAY['lt_0_3', '0_3_0_5', '0_5_1', 'gt_1'])[m.rank], 'unknown') AS depth,
            d.indoor_m,
            muang.depth_class(d.indoor_m) AS indoor,
            coalesce(h.community, held.code, '') AS place
        FROM met AS m
        INNER JOIN houses AS h ON m.id = h.id
        CROSS JOIN LATERAL (
            SELECT muang.indoor_depth(m.low, m.high, h.floor_height_m) AS indoor_m
        ) AS d
        LEFT JOIN held ON m.id = held.id
    ),

    counted AS (
        SELECT
            grouping(w.depth, w.indoor, w.place) AS way,
            w.depth,
            w.indoor,
            w.place,
            count(*) AS n
        FROM wet AS w
        GROUP BY GROUPING SETS ((), (w.depth), (w.indoor), (w.place))
    )

    SELECT
        jsonb_build_object(
            'count', (SELECT c.n FROM counted AS c WHERE c.way = 7),
            'by_depth', (SELECT coalesce(jsonb_object_agg(c.depth, c.n), '{}') FROM counted AS c WHERE c.way = 3),
            'by_indoor_depth',
            (SELECT coalesce(jsonb_object_agg(c.indoor, c.n), '{}') FROM counted AS c WHERE c.way = 5),
            'depth_unknown',
            coalesce((SELECT c.n FROM counted AS c WHERE c.way = 5 AND c.indoor = 'unknown'), 0)
        )
        || CASE
            WHEN grouped
                THEN jsonb_build_object(
                    'by_community',
                    (SELECT coalesce(jsonb_object_agg(c.place, c.n), '{}') FROM counted AS c WHERE c.way = 6)
                )
            ELSE '{}'
        END
        || CASE
            WHEN with_ids
                THEN jsonb_build_object('ids', (SELECT coalesce(jsonb_agg(w.id ORDER BY w.id), '[]') FROM wet AS w))
            ELSE '{}'
        END,
        -- in one order, that of the rows kept of `wet`
        (SELECT array_agg(w.house_code) FROM wet AS w),
        (SELECT array_agg(w.indoor_m) FROM wet AS w),
        (SELECT array_agg(w.place) FROM wet AS w)
    INTO houses, codes, depths, places;

    IF with_households THEN
        -- who sleeps there tonight; where nobody has asked, who is registered there
        EXECUTE format($count$
            WITH wet AS (
                SELECT
                    u.code,
                    max(u.depth) AS depth,
                    min(u.place) AS place
                FROM unnest($2, $3, $4) AS u (code, depth, place)
                WHERE u.code IS NOT NULL
                GROUP BY u.code
            ),

            slept AS (
                SELECT
                    muang.depth_class(w.depth) AS indoor,
                    CASE WHEN w.depth IS NULL THEN 'unknown' WHEN w.depth > $5 THEN 'displaced' ELSE 'stays' END AS state,
                    w.place,
                    k.asked OR k.registered AS known,
                    CASE WHEN k.asked THEN coalesce(p.sleeping_0_5, 0) ELSE coalesce(p.registered_0_5, 0) END AS a,
                    CASE WHEN k.asked THEN coalesce(p.sleeping_6_17, 0) ELSE coalesce(p.registered_6_17, 0) END AS b,
                    CASE WHEN k.asked THEN coalesce(p.sleeping_18_59, 0) ELSE coalesce(p.registered_18_59, 0) END AS c,
                    CASE WHEN k.asked THEN coalesce(p.sleeping_60_up, 0) ELSE coalesce(p.registered_60_up, 0) END AS d
                FROM wet AS w
                INNER JOIN %1$s AS p ON w.code = p.house_code
                CROSS JOIN LATERAL (
                    SELECT
                        num_nonnulls(
                            p.sleeping_0_5, p.sleeping_6_17, p.sleeping_18_59, p.sleeping_60_up
                        ) > 0 AS asked,
                        num_nonnulls(
                            p.registered_0_5, p.registered_6_17, p.registered_18_59, p.registered_60_up
                        ) > 0 AS registered
                ) AS k
            ),

            counted AS (
                SELECT
                    grouping(s.indoor, s.state, s.place) AS way,
                    s.indoor,
                    s.state,
                    s.place,
                    count(*) AS n,
                    count(*) FILTER (WHERE NOT s.known) AS silent,
                    jsonb_build_object(
                        'count', coalesce(sum(s.a + s.b + s.c + s.d), 0),
                        'by_age', jsonb_build_object(
                            '0-5', coalesce(sum(s.a), 0),
                            '6-17', coalesce(sum(s.b), 0),
                            '18-59', coalesce(sum(s.c), 0),
                            '60+', coalesce(sum(s.d), 0)
                        )
                    ) AS people
                FROM slept AS s
                GROUP BY GROUPING SETS ((), (s.indoor), (s.state), (s.place), (s.state, s.place))
            )

            SELECT CASE WHEN EXISTS (SELECT 1 FROM %1$s) THEN jsonb_build_object(
                'households', (
                    SELECT jsonb_build_object('count', c.n, 'people_unknown', c.silent)
                    FROM counted AS c WHERE c.way = 7
                ),
                'people', (SELECT c.people FROM counted AS c WHERE c.way = 7) || jsonb_build_object(
                    'by_indoor_depth',
                    (SELECT coalesce(jsonb_object_agg(c.indoor, c.people), '{}') FROM counted AS c WHERE c.way = 3)
                ),
                'displaced', (
                    SELECT
                        jsonb_object_agg(
                            t.state,
                            coalesce(c.people, '{"count": 0, "by_age": {"0-5": 0, "6-17": 0, "18-59": 0, "60+": 0}}')
                            || jsonb_build_object('households', coalesce(c.n, 0))
                        )
                    FROM (VALUES ('displaced'), ('stays'), ('unknown')) AS t (state)
                    LEFT JOIN counted AS c ON c.way = 5 AND t.state = c.state
                ),
                'by_community', (
                    SELECT coalesce(jsonb_object_agg(c.place, jsonb_build_object(
                        'people', c.people, 'households', c.n, 'displaced', coalesce((
                            SELECT jsonb_object_agg(o.state, o.people -> 'count')
                            FROM counted AS o WHERE o.way = 4 AND o.place = c.place
                        ), '{}')
                    )), '{}')
                    FROM counted AS c WHERE c.way = 6
                )
            ) ELSE '{}' END
        $count$, CASE WHEN scoped THEN 'households_rows($1)' ELSE 'households' END)
        INTO people USING scope_keys, codes, depths, places, displaced_above_m;
    END IF;
    IF NOT grouped AND people ? 'by_community' THEN
        people := people - 'by_community';
    END IF;
    IF people ? 'by_community' THEN
        people := jsonb_set(people, '{people,by_community}', people -> 'by_community') - 'by_community';
    END IF;
    RETURN people || jsonb_build_object('houses', houses);
END;
$$;

-- People in care: by band (by kind, where the caller does not see bands), by need where seen.
CREATE OR REPLACE FUNCTION muang.impact_care(
    zones gis.geometry[],
    flood gis.geometry,
    with_ids boolean,
    is_scoped boolean,
    scope_keys text[]
) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
    part jsonb;
    needs_seen boolean;
    bands_seen boolean;
BEGIN
    -- to_jsonb: roles that may not see band and needs have no such columns. Of one row only: it
    -- makes GeoJSON of the shape, which asks for the name of its CRS (8,000 homes: 3 s)
    EXECUTE format(
        'SELECT to_jsonb(c) ? ''needs'', to_jsonb(c) ? ''band'' FROM %s AS c LIMIT 1',
        CASE WHEN is_scoped THEN 'care_locations_rows($1, NULL)' ELSE 'care_locations' END
    ) INTO needs_seen, bands_seen USING scope_keys;
    IF needs_seen IS NULL THEN
        RETURN '{}';
    END IF;
    EXECUTE format($count$
        WITH wet AS (
            SELECT DISTINCT ON (c.id)
                c.id,
                c.geom,
                coalesce(%s, c.kind) AS class,
                %s AS needs
            FROM unnest($1) AS z (geom)
            INNER JOIN %s AS c ON ST_Intersects(c.geom, z.geom)
            ORDER BY c.id
        ),

        held AS (
            SELECT m.id, m.code
            FROM (SELECT array_agg(w.id) AS ids, array_agg(w.geom) AS points FROM wet AS w) AS a
            CROSS JOIN LATERAL muang.communities_at(a.ids, a.points) AS m
        ),

        placed AS (
            SELECT
                w.id,
                w.class,
                w.needs,
                coalesce(m.code, '') AS place
            FROM wet AS w
            LEFT JOIN held AS m ON w.id = m.id
        ),

        counted AS (
            SELECT
                grouping(p.class, p.place) AS way,
                p.class,
                p.place,
                count(*) AS n
            FROM placed AS p
            GROUP BY GROUPING SETS ((), (p.class), (p.class, p.place))
        )

        SELECT
            jsonb_build_object(
                'count', (SELECT c.n FROM counted AS c WHERE c.way = 3),
                'by_class', (SELECT coalesce(jsonb_object_agg(c.class, c.n), '{}') FROM counted AS c WHERE c.way = 1)
            )
            || CASE WHEN $3 THEN jsonb_build_object('by_need', (
                SELECT coalesce(jsonb_object_agg(g.need, g.n), '{}')
                FROM (
                    SELECT
                        n.need,
                        count(*) AS n
                    FROM placed AS p
                    CROSS JOIN LATERAL jsonb_array_elements_text(
                        CASE jsonb_typeof(p.needs) WHEN 'array' THEN p.needs ELSE '[]' END
                    ) AS n (need)
                    GROUP BY n.need
                ) AS g
            )) ELSE '{}' END
            || CASE WHEN EXISTS (SELECT 1 FROM communities) THEN jsonb_build_object('by_community', (
                SELECT coalesce(jsonb_object_agg(g.place, g.bands), '{}')
                FROM (
                    SELECT
                        c.place,
                        jsonb_object_agg(c.class, c.n) AS bands
                    FROM counted AS c
                    WHERE c.way = 0
                    GROUP BY c.place
                ) AS g
            )) ELSE '{}' END
            || CASE WHEN $4
                THEN jsonb_build_object('ids', (SELECT coalesce(jsonb_agg(p.id ORDER BY p.id), '[]') FROM placed AS p))
                ELSE '{}'
            END
    $count$,
    CASE WHEN bands_seen THEN 'c.band' ELSE 'NULL::text' END,
    CASE WHEN needs_seen THEN 'to_jsonb(c.needs)' ELSE 'NULL::jsonb' END,
    CASE WHEN is_scoped THEN 'care_locations_rows($5, ST_Envelope($2))' ELSE 'care_locations' END)
    INTO part
    USING zones, flood, needs_seen, with_ids, scope_keys;
    RETURN jsonb_build_object('care_locations', part);
END;
$$;
