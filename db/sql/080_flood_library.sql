-- Which stage library of each gauge is in use, and what it says of itself.
-- from: muang.flood_library, muang.dataset

CREATE OR REPLACE FUNCTION muang.flood_libraries()
RETURNS TABLE (
    id bigint,
    gauge text,
    dataset_id bigint,
    facts jsonb,
    file text,
    sha256 text,
    made_at timestamp with time zone
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT DISTINCT ON (l.gauge) l.id, l.gauge, l.dataset_id, l.facts, l.file, l.sha256, l.made_at
    FROM muang.flood_library AS l
    INNER JOIN muang.dataset AS d ON l.dataset_id = d.id
    WHERE d.undone_at IS NULL
    ORDER BY l.gauge, l.id DESC;
$$;

-- How the library that each gauge had at a position took the levees: null where that was not kept.
-- A build that changed nothing has no position; it goes by the time it was made.
CREATE OR REPLACE FUNCTION muang.library_levees(gauges text[], last_pos bigint, moment timestamp with time zone)
RETURNS TABLE (gauge text, levees jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT DISTINCT ON (l.gauge) l.gauge, l.facts -> 'levees'
    FROM muang.flood_library AS l
    INNER JOIN muang.dataset AS d ON l.dataset_id = d.id
    LEFT JOIN muang.change_set AS f ON d.change_set = f.id
    LEFT JOIN muang.change_set AS u ON d.undone_set = u.id
    WHERE
        l.gauge = any(gauges)
        AND CASE
            WHEN f.pos IS NOT NULL THEN f.pos <= last_pos
            ELSE
                l.made_at <= moment
                AND NOT EXISTS (
                    SELECT 1 FROM muang.layer_change AS c WHERE c.pos IS NULL AND c.change_set = d.change_set
                )
        END
        AND (
            d.undone_at IS NULL
            OR CASE WHEN u.pos IS NULL THEN d.undone_at > moment ELSE u.pos > last_pos END
        )
    ORDER BY l.gauge, l.id DESC;
$$;
