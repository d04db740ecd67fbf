-- What is no layer and open screens hear of all the same: feeds that fail, exercises that begin.
-- from: muang.feed, muang.feed_state, muang.exercise -> muang.layer_change

CREATE OR REPLACE FUNCTION muang.note_topic() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO muang.layer_change (change_set, layer, op, row_count)
    VALUES (muang.note_change_set(), TG_ARGV[0], lower(TG_OP), 1);
    RETURN NULL;
END;
$$;

CREATE OR REPLACE TRIGGER a_open BEFORE INSERT OR UPDATE OR DELETE ON muang.feed_state
FOR EACH STATEMENT EXECUTE FUNCTION muang.open_change_set();

CREATE OR REPLACE TRIGGER b_begun AFTER INSERT OR DELETE ON muang.feed_state
FOR EACH ROW EXECUTE FUNCTION muang.note_topic('feeds');

-- a try that ends as the one before it is no news
CREATE OR REPLACE TRIGGER c_changed AFTER UPDATE ON muang.feed_state
FOR EACH ROW WHEN (
    (old.circuit, old.error_en, old.doubt_en) IS DISTINCT FROM (new.circuit, new.error_en, new.doubt_en)
)
EXECUTE FUNCTION muang.note_topic('feeds');

CREATE OR REPLACE TRIGGER a_open BEFORE UPDATE ON muang.feed
FOR EACH STATEMENT EXECUTE FUNCTION muang.open_change_set();

-- a new name, address or interval, paused, asked again
CREATE OR REPLACE TRIGGER c_changed AFTER UPDATE ON muang.feed
FOR EACH ROW WHEN (old.* IS DISTINCT FROM new.*)
EXECUTE FUNCTION muang.note_topic('feeds');

-- Ends the open exercise (`number`: only if it is that one) and forgets the feeds that brought its
-- readings; those stay. No row: it is not open. For who commands, who may not write either table.
-- from: muang.exercise, muang.feed, muang.feed_state, muang.feed_body -> muang.exercise, muang.feed
CREATE OR REPLACE FUNCTION muang.end_exercise(number bigint, who text)
RETURNS TABLE (
    id bigint,
    name text,
    scenario text,
    seed integer,
    speed double precision,
    started_at timestamp with time zone,
    started_by text,
    closed_at timestamp with time zone,
    closed_by text
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    open_one bigint;
BEGIN
    SELECT e.id INTO open_one FROM muang.exercise AS e
    WHERE e.closed_at IS NULL AND e.id = coalesce(number, e.id)
    FOR UPDATE;
    IF open_one IS NULL THEN
        RETURN;
    END IF;
    -- in the order in which whoever polls takes them: it may be writing how a feed is just now
    PERFORM FROM muang.feed_state AS s
    WHERE s.feed IN (SELECT f.name FROM muang.feed AS f WHERE f.exercise)
    ORDER BY s.feed FOR UPDATE;
    PERFORM FROM muang.feed_body AS b
    WHERE b.feed IN (SELECT f.name FROM muang.feed AS f WHERE f.exercise)
    ORDER BY b.feed, b.good FOR UPDATE;
    DELETE FROM muang.feed AS f WHERE f.exercise;
    RETURN QUERY
    UPDATE muang.exercise AS e SET closed_at = clock_timestamp(), closed_by = who
    WHERE e.id = open_one
    RETURNING
        e.id, e.name, e.scenario, e.seed, e.speed, e.started_at, e.started_by, e.closed_at,
        e.closed_by;
END;
$$;

-- Nothing is written when a feed falls silent: the server looks at the time, and tells by this.
CREATE OR REPLACE FUNCTION muang.tell_feeds() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM
        set_config('muang.change_xact', pg_current_xact_id()::text, true),
        set_config('muang.change_set', nextval('muang.change_set_id')::text, true);
    INSERT INTO muang.layer_change (change_set, layer, op, row_count)
    VALUES (muang.note_change_set(), 'feeds', 'update', 1);
END;
$$;

CREATE OR REPLACE TRIGGER a_open BEFORE INSERT OR UPDATE ON muang.exercise
FOR EACH STATEMENT EXECUTE FUNCTION muang.open_change_set();

CREATE OR REPLACE TRIGGER b_told AFTER INSERT OR UPDATE ON muang.exercise
FOR EACH ROW EXECUTE FUNCTION muang.note_topic('exercise');

-- The open exercise; no row: there is none.
CREATE OR REPLACE FUNCTION muang.exercise_now()
RETURNS TABLE (
    id bigint,
    name text,
    scenario text,
    seed integer,
    speed double precision,
    started_at timestamp with time zone,
    started_by text
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT e.id, e.name, e.scenario, e.seed, e.speed, e.started_at, e.started_by
    FROM muang.exercise AS e
    WHERE e.closed_at IS NULL;
$$;

-- The time it is: that of the open exercise, which runs `speed` times as fast, or the wall clock's.
CREATE OR REPLACE FUNCTION muang.exercise_clock() RETURNS timestamp with time zone
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(
        (
            SELECT e.started_at + e.speed * (now() - e.started_at)
            FROM muang.exercise AS e
            WHERE e.closed_at IS NULL
        ),
        now()
    );
$$;
