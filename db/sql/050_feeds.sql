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
