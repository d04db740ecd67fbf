-- Every change leaves a row, whoever made it: functions behind the triggers on the live tables.
-- from: town.*, -> muang.change_set, muang.layer_change, history.*

-- The change set of this transaction, opened by the first statement that may change a layer.
-- The transaction id is kept beside it, so that a value set by hand for a session is not believed.
CREATE OR REPLACE FUNCTION muang.open_change_set() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF current_setting('muang.change_xact', true) IS DISTINCT FROM pg_current_xact_id()::text THEN
        PERFORM
            set_config('muang.change_xact', pg_current_xact_id()::text, true),
            set_config('muang.change_set', nextval('muang.change_set_id')::text, true);
    END IF;
    RETURN NULL;
END;
$$;

-- Who and when on the row itself, also for edits made in psql or QGIS.
CREATE OR REPLACE FUNCTION muang.stamp_row() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.change_set := current_setting('muang.change_set');
    NEW.updated_at := now();
    -- the person at a sign-in that several share, where one was named; the change set has the sign-in
    NEW.updated_by := coalesce(
        nullif(current_setting('muang.actor_name', true), ''),
        nullif(current_setting('muang.actor', true), ''),
        session_user
    );
    RETURN NEW;
END;
$$;

CREATE OR REPLACE FUNCTION muang.note_change_set() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    this_set bigint := current_setting('muang.change_set');
BEGIN
    INSERT INTO muang.change_set (id, actor, at)
    VALUES (this_set, coalesce(nullif(current_setting('muang.actor', true), ''), session_user), now())
    ON CONFLICT (id) DO NOTHING;
    -- wakes the sequencer when this transaction commits
    PERFORM pg_notify('muang_wake', '');
    RETURN this_set;
END;
$$;

CREATE OR REPLACE FUNCTION muang.refuse_truncate() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'TRUNCATE leaves no trace in the change log: use DELETE on %.%',
        TG_TABLE_SCHEMA, TG_TABLE_NAME USING ERRCODE = 'feature_not_supported';
END;
$$;

-- Change rows of one statement on a layer with geometry, grouped by cells of about 1 km.
CREATE OR REPLACE FUNCTION muang.log_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gis, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM new_rows) THEN
        RETURN NULL;
    END IF;
    INSERT INTO muang.layer_change (change_set, layer, op, cell_x, cell_y, row_count, new_box)
    SELECT
        muang.note_change_set(),
        TG_TABLE_NAME,
        'insert',
        cell.cell_x,
        cell.cell_y,
        cell.row_count,
        ST_SetSRID(cell.box::geometry, TG_ARGV[0]::integer)
    FROM (
        SELECT
            floor((ST_XMin(r.geom) + ST_XMax(r.geom)) / 2000)::integer AS cell_x,
            floor((ST_YMin(r.geom) + ST_YMax(r.geom)) / 2000)::integer AS cell_y,
            count(*) AS row_count,
            ST_Extent(r.geom) AS box
        FROM new_rows AS r
        GROUP BY 1, 2
    ) AS cell;
    RETURN NULL;
END;
$$;

CREATE OR REPLACE FUNCTION muang.log_delete() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gis, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM old_rows) THEN
        RETURN NULL;
    END IF;
    INSERT INTO muang.layer_change (change_set, layer, op, cell_x, cell_y, row_count, old_box)
    SELECT
        muang.note_change_set(),
        TG_TABLE_NAME,
        'delete',
        cell.cell_x,
        cell.cell_y,
        cell.row_count,
        ST_SetSRID(cell.box::geometry, TG_ARGV[0]::integer)
    FROM (
        SELECT
            floor((ST_XMin(r.geom) + ST_XMax(r.geom)) / 2000)::integer AS cell_x,
            floor((ST_YMin(r.geom) + ST_YMax(r.geom)) / 2000)::integer AS cell_y,
            count(*) AS row_count,
            ST_Extent(r.geom) AS box
        FROM old_rows AS r
        GROUP BY 1, 2
    ) AS cell;
    RETURN NULL;
END;
$$;

-- An update leaves a row for every cell it took something from or put something into.
CREATE OR REPLACE FUNCTION muang.log_update() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gis, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM new_rows) THEN
        RETURN NULL;
    END IF;
    INSERT INTO muang.layer_change (change_set, layer, op, cell_x, cell_y, row_count, old_box, new_box)
    SELECT
        muang.note_change_set(),
        TG_TABLE_NAME,
        'update',
        cell.cell_x,
        cell.cell_y,
        cell.row_count,
        ST_SetSRID(cell.old_box::geometry, TG_ARGV[0]::integer),
        ST_SetSRID(cell.new_box::geometry, TG_ARGV[0]::integer)
    FROM (
        SELECT
            floor((ST_XMin(r.geom) + ST_XMax(r.geom)) / 2000)::integer AS cell_x,
            floor((ST_YMin(r.geom) + ST_YMax(r.geom)) / 2000)::integer AS cell_y,
            greatest(count(*) FILTER (WHERE r.is_old), count(*) FILTER (WHERE NOT r.is_old)) AS row_count,
            ST_Extent(r.geom) FILTER (WHERE r.is_old) AS old_box,
            ST_Extent(r.geom) FILTER (WHERE NOT r.is_old) AS new_box
        FROM (
            SELECT
                o.geom,
                true AS is_old
            FROM old_rows AS o
            UNION ALL
            SELECT
                n.geom,
                false AS is_old
            FROM new_rows AS n
        ) AS r
        GROUP BY 1, 2
    ) AS cell;
    RETURN NULL;
END;
$$;

-- The same for layers without geometry: one row a statement.
CREATE OR REPLACE FUNCTION muang.log_plain() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    touched bigint;
BEGIN
    IF TG_OP = 'DELETE' THEN
        SELECT count(*) INTO touched FROM old_rows;
    ELSE
        SELECT count(*) INTO touched FROM new_rows;
    END IF;
    IF touched > 0 THEN
        INSERT INTO muang.layer_change (change_set, layer, op, row_count)
        VALUES (muang.note_change_set(), TG_TABLE_NAME, lower(TG_OP), touched);
    END IF;
    RETURN NULL;
END;
$$;
