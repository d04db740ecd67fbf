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
