-- Order is given after commit: one caller at a time numbers the committed changes.
-- from: muang.layer_change, muang.change_set -> their pos and committed_at
CREATE OR REPLACE FUNCTION muang.number_changes() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    head bigint;
    numbered bigint;
    stamp timestamp with time zone;
BEGIN
    -- Under READ COMMITTED each statement below sees what was committed when it began, so
    -- whoever gets the lock next also sees the numbers given here.
    PERFORM pg_advisory_xact_lock(7214001);
    -- taken after the lock: positions and times grow together, which is what as_of rests on
    stamp := clock_timestamp();
    SELECT coalesce(max(c.pos), 0) INTO head FROM muang.layer_change AS c;

    -- A transaction stays in one piece, and is placed by its last row: whoever waited for
    -- another transaction's row lock wrote its own change row after that one had committed.
    WITH waiting AS (
        SELECT
            c.id,
            row_number() OVER (ORDER BY s.last_id, c.id) AS place
        FROM muang.layer_change AS c
        INNER JOIN (
            SELECT
                w.change_set,
                max(w.id) AS last_id
            FROM muang.layer_change AS w
            WHERE w.pos IS NULL
            GROUP BY w.change_set
        ) AS s ON c.change_set = s.change_set
        WHERE c.pos IS NULL
    )

    UPDATE muang.layer_change AS c
    SET
        pos = head + w.place,
        committed_at = stamp
    FROM waiting AS w
    WHERE c.id = w.id;
    GET DIAGNOSTICS numbered = ROW_COUNT;

    IF numbered > 0 THEN
        UPDATE muang.change_set AS s
        SET
            pos = m.pos,
            committed_at = stamp
        FROM (
            SELECT
                c.change_set,
                max(c.pos) AS pos
            FROM muang.layer_change AS c
            WHERE c.pos > head
            GROUP BY c.change_set
        ) AS m
        WHERE s.id = m.change_set;
        IF head / 1000 < (head + numbered) / 1000 THEN
            PERFORM muang.fold_cells();
        END IF;
        -- constant payload: equal notifications of one transaction are folded into one
        PERFORM pg_notify('muang_change', '');
    END IF;
    RETURN numbered;
END;
$$;

-- The last numbered change.
CREATE OR REPLACE FUNCTION muang.current_pos() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(max(c.pos), 0) FROM muang.layer_change AS c;
$$;

-- Whether a committed change still waits for its position: what is read now is then newer than
-- the last position says.
CREATE OR REPLACE FUNCTION muang.awaits_number() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT 1 FROM muang.layer_change AS c WHERE c.pos IS NULL);
$$;

-- The position that was current at a time: what `as_of` means.
CREATE OR REPLACE FUNCTION muang.pos_at(moment timestamp with time zone) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(max(s.pos), 0) FROM muang.change_set AS s WHERE s.committed_at <= moment;
$$;

-- Version (last position), time of the last change and sources of a layer, for whoever sees it
-- whole: people call their role's own layer_provenance, which is made from the declarations.
CREATE OR REPLACE FUNCTION muang.layer_provenance(asked text)
RETURNS TABLE (version bigint, as_of timestamp with time zone, source text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT
        coalesce(l.pos, 0),
        l.committed_at,
        (
            SELECT string_agg(DISTINCT d.source, '; ' ORDER BY d.source)
            FROM muang.dataset AS d
            WHERE
                d.layer = asked AND d.undone_at IS NULL
                -- what was replaced is no source any more
                AND d.id >= (
                    SELECT coalesce(max(r.id), 0)
                    FROM muang.dataset AS r
                    WHERE r.layer = asked AND r.mode = 'replace' AND r.undone_at IS NULL
                )
        )
    -- one row even of a layer that never changed; positions and times grow together
    FROM (VALUES (asked)) AS a (layer)
    LEFT JOIN LATERAL (
        SELECT
            c.pos,
            c.committed_at
        FROM muang.layer_change AS c
        WHERE c.layer = a.layer AND c.pos IS NOT NULL
        ORDER BY c.pos DESC
        LIMIT 1
    ) AS l ON true;
$$;

-- The town as everyone may know it.
CREATE OR REPLACE FUNCTION muang.town_facts()
RETURNS TABLE (
    id text, name_th text, name_en text, srid integer, synthetic boolean, codes jsonb
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT t.id, t.name_th, t.name_en, t.srid, t.synthetic, t.codes FROM muang.town AS t;
$$;
