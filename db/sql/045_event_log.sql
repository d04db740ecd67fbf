-- The event log: nothing in it is rewritten, and the boards' records tell it of every edit.
-- from: town.closures, town.shelters, town.resources, town.power_areas -> town.event_log

CREATE OR REPLACE FUNCTION muang.refuse_rewriting() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'the event log is never changed: add a step that takes the old one back'
        USING ERRCODE = 'feature_not_supported';
END;
$$;

-- Edits of a board's records while an event is open, whoever makes them: over HTTP, in QGIS, in
-- psql. What a step of the war room did itself it has told already. Arguments: kind, state column.
CREATE OR REPLACE FUNCTION muang.tell_board() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    open_event record;
    touched bigint;
    named constant text := coalesce(
        nullif(current_setting('muang.actor_name', true), ''),
        nullif(current_setting('muang.actor', true), ''),
        session_user
    );
    most constant integer := 200;
    stamps constant text[] := ARRAY['updated_at', 'updated_by', 'change_set'];
BEGIN
    IF current_setting('muang.step_told', true) = pg_current_xact_id()::text THEN
        RETURN NULL;
    END IF;
    SELECT e.code, e.exercise INTO open_event
    FROM town.events AS e WHERE e.state = 'open' ORDER BY e.id DESC LIMIT 1;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'DELETE' THEN
        SELECT count(*) INTO touched FROM old_rows;
    ELSE
        SELECT count(*) INTO touched FROM new_rows;
    END IF;
    IF touched > most THEN
        INSERT INTO town.event_log (event, at, kind, action, becomes, by_name, exercise, seen_by)
        VALUES (open_event.code, now(), TG_ARGV[0], 'many', touched::text, named,
            open_event.exercise, 'internal');
    ELSIF TG_OP = 'INSERT' THEN
        INSERT INTO town.event_log
            (event, at, kind, code, record, action, becomes, by_name, exercise, seen_by)
        SELECT open_event.code, now(), TG_ARGV[0], n.code, n.id, 'added',
            to_jsonb(n) ->> TG_ARGV[1], named, open_event.exercise, 'internal'
        FROM new_rows AS n ORDER BY n.id;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO town.event_log
            (event, at, kind, code, record, action, was, by_name, exercise, seen_by)
        SELECT open_event.code, now(), TG_ARGV[0], o.code, o.id, 'removed',
            to_jsonb(o) ->> TG_ARGV[1], named, open_event.exercise, 'internal'
        FROM old_rows AS o ORDER BY o.id;
    ELSE
        INSERT INTO town.event_log
            (event, at, kind, code, record, action, was, becomes, by_name, exercise, seen_by)
        SELECT open_event.code, now(), TG_ARGV[0], n.code, n.id,
            CASE WHEN d.was IS DISTINCT FROM d.becomes THEN 'changed' ELSE 'edited' END,
            d.was, d.becomes, named, open_event.exercise, 'internal'
        FROM new_rows AS n
        INNER JOIN old_rows AS o ON n.id = o.id
        CROSS JOIN LATERAL (
            SELECT to_jsonb(o) ->> TG_ARGV[1] AS was, to_jsonb(n) ->> TG_ARGV[1] AS becomes
        ) AS d
        WHERE (to_jsonb(n) - stamps) IS DISTINCT FROM (to_jsonb(o) - stamps)
        ORDER BY n.id;
    END IF;
    RETURN NULL;
END;
$$;

CREATE OR REPLACE TRIGGER f_append_only BEFORE UPDATE OR DELETE ON town.event_log
FOR EACH ROW EXECUTE FUNCTION muang.refuse_rewriting();

CREATE OR REPLACE TRIGGER f_tell_insert AFTER INSERT ON town.closures
REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION muang.tell_board('closure', 'status');
CREATE OR REPLACE TRIGGER f_tell_update AFTER UPDATE ON town.closures
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION muang.tell_board('closure', 'status');
CREATE OR REPLACE TRIGGER f_tell_delete AFTER DELETE ON town.closures
REFERENCING OLD TABLE AS old_rows
FOR EACH STATEMENT EXECUTE FUNCTION muang.tell_board('closure', 'status');

CREATE OR REPLACE TRIGGER f_tell_insert AFTER INSERT ON town.shelters
REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION muang.tell_board('shelter', 'open');
CREATE OR REPLACE TRIGGER f_tell_update AFTER UPDATE ON town.shelters
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION muang.tell_board('shelter', 'open');
CREATE OR REPLACE TRIGGER f_tell_delete AFTER DELETE ON town.shelters
REFERENCING OLD TABLE AS old_rows
FOR EACH STATEMENT EXECUTE FUNCTION muang.tell_board('shelter', 'open');

CREATE OR REPLACE TRIGGER f_tell_insert AFTER INSERT ON town.resources
REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION muang.tell_board('resource', 'status');
CREATE OR REPLACE TRIGGER f_tell_update AFTER UPDATE ON town.resources
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION muang.tell_board('resource', 'status');
CREATE OR REPLACE TRIGGER f_tell_delete AFTER DELETE ON town.resources
REFERENCING OLD TABLE AS old_rows
FOR EACH STATEMENT EXECUTE FUNCTION muang.tell_board('resource', 'status');

CREATE OR REPLACE TRIGGER f_tell_insert AFTER INSERT ON town.power_areas
REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION muang.tell_board('power', 'state');
CREATE OR REPLACE TRIGGER f_tell_update AFTER UPDATE ON town.power_areas
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION muang.tell_board('power', 'state');
CREATE OR REPLACE TRIGGER f_tell_delete AFTER DELETE ON town.power_areas
REFERENCING OLD TABLE AS old_rows
FOR EACH STATEMENT EXECUTE FUNCTION muang.tell_board('power', 'state');
