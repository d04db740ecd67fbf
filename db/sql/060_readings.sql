-- Readings of the series: one door in, parts made as they are needed, nothing changed or deleted.
-- from: readings as they came -> series.*_readings, series.station, muang.layer_change

CREATE OR REPLACE FUNCTION muang.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% on %.% is refused: readings are added through muang.add_readings and kept as they came',
        TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME USING ERRCODE = 'feature_not_supported';
END;
$$;

-- One year of a series, if it is not there yet. Attached, not created as a part: that waits for
-- nobody who reads or writes the other years. Statements on the part itself would leave no trace
-- in the change log (triggers of the whole do not fire), so a trigger of its own refuses them.
CREATE OR REPLACE FUNCTION muang.make_partition(series_id text, in_year integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    part text := format('%s_%s', series_id, in_year);
BEGIN
    IF series_id NOT IN ('gauge_readings', 'rain_readings', 'tide_readings') THEN
        RAISE EXCEPTION 'there is no series %', series_id USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF in_year NOT BETWEEN 1800 AND 2700 THEN
        RAISE EXCEPTION 'readings of the year % are not kept', in_year USING ERRCODE = 'datetime_field_overflow';
    END IF;
    IF to_regclass(format('series.%I', part)) IS NOT NULL THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('part ' || part, 0));
    IF to_regclass(format('series.%I', part)) IS NOT NULL THEN
        RETURN;
    END IF;
    EXECUTE format('CREATE TABLE series.%I (LIKE series.%I INCLUDING ALL)', part, series_id);
    EXECUTE format('REVOKE ALL ON series.%I FROM PUBLIC', part);
    EXECUTE format(
        'CREATE TRIGGER a_refuse_direct BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON series.%I'
        ' FOR EACH STATEMENT EXECUTE FUNCTION muang.refuse_change()',
        part
    );
    EXECUTE format(
        'ALTER TABLE series.%I ATTACH PARTITION series.%I FOR VALUES FROM (%L) TO (%L)',
        series_id, part, make_timestamptz(in_year, 1, 1, 0, 0, 0),
        make_timestamptz(in_year + 1, 1, 1, 0, 0, 0)
    );
END;
$$;

-- Readings as arrays of one length, in the order in which they came. What a source told before, it
-- may tell again: that is not stored a second time. Another value for the same time is, beside the
-- first; the one received last is in use. What was read on a staff is reckoned with the zero that
-- held then: whoever sends it may not have heard yet of a zero that has been corrected.
CREATE OR REPLACE FUNCTION muang.add_readings(
    series_id text,
    stations text[],
    ats timestamp with time zone[],
    readings double precision[],
    discharges double precision[],
    received timestamp with time zone[],
    sources text[],
    enterers text[],
    flagged smallint[],
    exercises boolean[],
    staffs double precision[],
    OUT added bigint,
    OUT same bigint,
    OUT revised bigint,
    OUT doubtful bigint,
    OUT last_id bigint
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    a_year integer;
BEGIN
    -- one at a time: two who bring the same reading would both find it new
    PERFORM pg_advisory_xact_lock(hashtextextended('series ' || series_id, 0));
    FOR a_year IN SELECT DISTINCT extract(YEAR FROM u.at AT TIME ZONE 'UTC') FROM unnest(ats) AS u (at) LOOP
        PERFORM muang.make_partition(series_id, a_year);
    END LOOP;
    EXECUTE format($statement$
        WITH told AS (
            SELECT
                u.station, u.at, coalesce(z.level, u.value) AS value, u.discharge, u.received_at,
                u.source, u.entered_by, u.flags, u.exercise, u.staff_m, u.n
            FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) WITH ORDINALITY
                AS u (
                    station, at, value, discharge, received_at, source, entered_by, flags, exercise,
                    staff_m, n
                )
            LEFT JOIN LATERAL (
                SELECT muang.reckoned(u.value, u.staff_m, muang.zero_at(u.station, u.at)) AS level
            ) AS z ON u.staff_m IS NOT NULL
        ),

        held AS (
            SELECT t.*, w.known, w.value AS old_value, w.discharge_m3s AS old_discharge, o.other
            FROM told AS t
            LEFT JOIN LATERAL (
                SELECT true AS known, g.value, g.discharge_m3s
                FROM series.%1$I AS g
                WHERE g.station = t.station AND g.at = t.at AND g.source = t.source
                    AND g.exercise = t.exercise
                ORDER BY g.id DESC LIMIT 1
            ) AS w ON true
            LEFT JOIN LATERAL (
                SELECT true AS other FROM series.%1$I AS g
                WHERE g.station = t.station AND g.at = t.at AND g.exercise = t.exercise
                LIMIT 1
            ) AS o ON true
        ),

        compared AS (
            SELECT
                h.*,
                CASE WHEN p.first THEN h.known ELSE true END AS seen,
                CASE WHEN p.first THEN h.old_value ELSE p.value END AS before_value,
                CASE WHEN p.first THEN h.old_discharge ELSE p.discharge END AS before_discharge,
                row_number() OVER (PARTITION BY h.station, h.at, h.exercise ORDER BY h.n) > 1 AS again
            FROM held AS h
            INNER JOIN (
                SELECT
                    t.n,
                    lag(t.value) OVER same_one AS value,
                    lag(t.discharge) OVER same_one AS discharge,
                    row_number() OVER same_one = 1 AS first
                FROM told AS t
                WINDOW same_one AS (PARTITION BY t.station, t.at, t.source, t.exercise ORDER BY t.n)
            ) AS p ON h.n = p.n
        ),

        news AS (
            SELECT
                c.*,
                (c.flags | CASE WHEN c.other OR c.again THEN 2 ELSE 0 END)::smallint AS all_flags
            FROM compared AS c
            WHERE c.seen IS NOT true
                OR (c.value, c.discharge) IS DISTINCT FROM (c.before_value, c.before_discharge)
        ),

        stored AS (
            INSERT INTO series.%1$I (
                station, at, value, discharge_m3s, received_at, source, entered_by, flags, exercise,
                staff_m
            )
            SELECT
                n.station, n.at, n.value, n.discharge, n.received_at, n.source, n.entered_by,
                n.all_flags, n.exercise, n.staff_m
            FROM news AS n
            ORDER BY n.n
            RETURNING id
        ),

        stations AS (
            INSERT INTO series.station (series, station)
            SELECT DISTINCT %1$L, n.station FROM news AS n
            ON CONFLICT DO NOTHING
        )

        SELECT
            count(*) FILTER (WHERE n.seen IS NOT true),
            (SELECT count(*) FROM told) - count(*),
            count(*) FILTER (WHERE n.seen),
            count(*) FILTER (WHERE n.all_flags <> 0),
            (SELECT max(s.id) FROM stored AS s)
        FROM news AS n
    $statement$, series_id)
    INTO added, same, revised, doubtful, last_id
    USING stations, ats, readings, discharges, received, sources, enterers, flagged, exercises, staffs;
END;
$$;

-- A mark is a change of the series it is about.
CREATE OR REPLACE FUNCTION muang.log_marks() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO muang.layer_change (change_set, layer, op, row_count)
    SELECT muang.note_change_set(), m.series, 'update', m.n
    FROM (SELECT r.series, count(*) AS n FROM new_rows AS r GROUP BY r.series) AS m;
    RETURN NULL;
END;
$$;

-- So is a photograph, which whoever looks at the reading wants to see.
CREATE OR REPLACE TRIGGER a_open BEFORE INSERT ON series.reading_photo
FOR EACH STATEMENT EXECUTE FUNCTION muang.open_change_set();
CREATE OR REPLACE TRIGGER c_log AFTER INSERT ON series.reading_photo
REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION muang.log_marks();

CREATE OR REPLACE TRIGGER a_open BEFORE INSERT ON series.reading_mark
FOR EACH STATEMENT EXECUTE FUNCTION muang.open_change_set();
CREATE OR REPLACE TRIGGER c_log AFTER INSERT ON series.reading_mark
REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION muang.log_marks();
CREATE OR REPLACE TRIGGER e_refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON series.reading_mark
FOR EACH STATEMENT EXECUTE FUNCTION muang.refuse_change();
