-- Zeros of staff gauges in time: which one holds at a moment, and what follows when one is changed.
-- from: town.gauges, town.gauge_zeros, series.gauge_readings, series.tide_readings (staff_m)
-- -> muang.add_readings, series.* (the levels reckoned anew, beside those told before)

-- The zero of a station at a moment; before the first entry that of its own record (layers.zeros).
CREATE OR REPLACE FUNCTION muang.zero_at(in_station text, moment timestamp with time zone)
RETURNS double precision
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN d.dated THEN d.zero_m ELSE g.zero_m END
    FROM (SELECT 1) AS one
    LEFT JOIN (
        SELECT true AS dated, z.zero_m FROM town.gauge_zeros AS z
        WHERE z.gauge = in_station AND z.valid_from <= moment
        ORDER BY z.valid_from DESC, z.id DESC
        LIMIT 1
    ) AS d ON true
    LEFT JOIN (
        SELECT t.zero_m FROM town.gauges AS t WHERE t.code = in_station ORDER BY t.id LIMIT 1
    ) AS g ON true
$$;

-- A level of what was read on the staff; as it was told where that says the same to the millimetre,
-- or where nobody knows the zero.
CREATE OR REPLACE FUNCTION muang.reckoned(
    told double precision, staff_m double precision, zero_m double precision
)
RETURNS double precision
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE
        WHEN zero_m IS NULL OR abs(staff_m + zero_m - told) < 0.001 THEN told
        ELSE round((staff_m + zero_m)::numeric, 3)::double precision
    END
$$;

-- What was read on a station's staff from a moment on, reckoned with the zeros that hold now. A level
-- that comes out otherwise is stored beside the one before it, received when that was, and is in
-- use; a reading marked wrong stays wrong. Gives the number of levels reckoned anew.
CREATE OR REPLACE FUNCTION muang.reckon_zeros(
    in_station text, since timestamp with time zone, until timestamp with time zone
)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    series_id text;
    made bigint;
    all_made bigint := 0;
BEGIN
    FOREACH series_id IN ARRAY ARRAY['gauge_readings', 'tide_readings'] LOOP
        -- as readings come in: whoever brings some now has seen the old zeros
        PERFORM pg_advisory_xact_lock(hashtextextended('series ' || series_id, 0));
        EXECUTE format($statement$
            WITH used AS (
                SELECT DISTINCT ON (r.at, r.exercise) r.*
                FROM series.%1$I AS r
                WHERE r.station = $1 AND r.at >= $2 AND r.at < $3 AND NOT coalesce((
                    SELECT m.wrong FROM series.reading_mark AS m
                    WHERE m.reading = r.id ORDER BY m.id DESC LIMIT 1
                ), false)
                ORDER BY r.at, r.exercise, r.id DESC
            ),

            changed AS (
                SELECT u.*, n.level
                FROM used AS u
                CROSS JOIN LATERAL (
                    SELECT muang.reckoned(u.value, u.staff_m, muang.zero_at(u.station, u.at)) AS level
                ) AS n
                WHERE u.staff_m IS NOT NULL AND n.level IS DISTINCT FROM u.value
            ),

            -- 2: another one of the same time; 64: beyond what is possible (layers.series.Flag)
            stored AS (
                INSERT INTO series.%1$I (
                    station, at, value, discharge_m3s, received_at, source, entered_by, flags,
                    exercise, staff_m
                )
                SELECT
                    c.station, c.at, c.level, c.discharge_m3s, c.received_at, c.source, c.entered_by,
                    (c.flags & ~64 | 2 | CASE
                        WHEN c.level < l.range_min OR c.level > l.range_max THEN 64 ELSE 0
                    END)::smallint,
                    c.exercise, c.staff_m
                FROM changed AS c
                LEFT JOIN (
                    SELECT g.range_min, g.range_max FROM town.gauges AS g
                    WHERE g.code = $1 ORDER BY g.id LIMIT 1
                ) AS l ON true
                ORDER BY c.id
                RETURNING id, at, exercise
            ),

            -- the picture of the staff shows the same number as before
            photographs AS (
                INSERT INTO series.reading_photo (series, reading, media_type, content, taken_by)
                SELECT p.series, s.id, p.media_type, p.content, p.taken_by
                FROM stored AS s
                INNER JOIN changed AS c ON s.at = c.at AND s.exercise = c.exercise
                INNER JOIN series.reading_photo AS p ON c.id = p.reading
                ORDER BY p.id
            )

            SELECT count(*) FROM stored
        $statement$, series_id)
        INTO made USING in_station, since, until;
        all_made := all_made + made;
    END LOOP;
    RETURN all_made;
END;
$$;

-- An entry that comes, goes or changes: only the time is reckoned anew in which another zero holds.
CREATE OR REPLACE FUNCTION muang.zeros_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    touched record;
BEGIN
    FOR touched IN
        SELECT z.gauge, min(z.valid_from) AS since
        FROM changed_rows AS z GROUP BY z.gauge ORDER BY z.gauge
    LOOP
        PERFORM muang.reckon_zeros(touched.gauge, touched.since, 'infinity');
    END LOOP;
    RETURN NULL;
END;
$$;

CREATE OR REPLACE TRIGGER g_zeros_insert AFTER INSERT ON town.gauge_zeros
REFERENCING NEW TABLE AS changed_rows
FOR EACH STATEMENT EXECUTE FUNCTION muang.zeros_changed();
CREATE OR REPLACE TRIGGER g_zeros_delete AFTER DELETE ON town.gauge_zeros
REFERENCING OLD TABLE AS changed_rows
FOR EACH STATEMENT EXECUTE FUNCTION muang.zeros_changed();
-- of an update both: where the entry was, and where it is
CREATE OR REPLACE TRIGGER g_zeros_from AFTER UPDATE ON town.gauge_zeros
REFERENCING OLD TABLE AS changed_rows
FOR EACH STATEMENT EXECUTE FUNCTION muang.zeros_changed();
CREATE OR REPLACE TRIGGER g_zeros_to AFTER UPDATE ON town.gauge_zeros
REFERENCING NEW TABLE AS changed_rows
FOR EACH STATEMENT EXECUTE FUNCTION muang.zeros_changed();

-- A zero changed in the station's record holds from now on, and the one before it until now: nobody
-- who writes the new number down means that the staff has always stood there.
CREATE OR REPLACE FUNCTION muang.note_zero() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO town.gauge_zeros (gauge, valid_from, zero_m, reason)
    SELECT g.gauge, g.valid_from, g.zero_m, g.reason
    FROM (
        SELECT
            o.code AS gauge,
            '1900-01-01T00:00:00Z'::timestamp with time zone AS valid_from,
            o.zero_m,
            'ค่าเดิมในสถานี · as recorded before' AS reason
        FROM old_rows AS o
        INNER JOIN new_rows AS n ON o.id = n.id
        WHERE o.zero_m IS NOT NULL AND n.zero_m IS DISTINCT FROM o.zero_m AND n.code = o.code
            AND NOT EXISTS (
                SELECT FROM town.gauge_zeros AS z
                WHERE z.gauge = o.code AND z.valid_from <= '1900-01-01T00:00:00Z'
            )
        UNION ALL
        SELECT n.code, now(), n.zero_m, 'แก้ในสถานี · changed in the record'
        FROM old_rows AS o
        INNER JOIN new_rows AS n ON o.id = n.id
        WHERE o.zero_m IS NOT NULL AND n.zero_m IS DISTINCT FROM o.zero_m AND n.code = o.code
            AND (
                muang.zero_at(n.code, now()) IS DISTINCT FROM n.zero_m
                -- without entries it is the record itself that was asked
                OR NOT EXISTS (SELECT FROM town.gauge_zeros AS z WHERE z.gauge = n.code)
            )
    ) AS g
    ORDER BY g.gauge, g.valid_from;
    RETURN NULL;
END;
$$;

CREATE OR REPLACE TRIGGER g_note_zero AFTER UPDATE ON town.gauges
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION muang.note_zero();
