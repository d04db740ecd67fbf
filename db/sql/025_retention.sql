-- What has had its time is forgotten: a small batch of each kind at a time, never waiting for
-- anybody's lock. The server calls it again and again; `service` needs no right to delete for it.
-- from: muang.answer, muang.session, muang.api_token, muang.sign_in_failure, muang.opening, muang.raw_file -> fewer
CREATE OR REPLACE FUNCTION muang.forget(
    answers_days integer,
    sign_ins_days integer,
    public_most integer,
    batch integer
) RETURNS TABLE (what text, gone bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    moment timestamp with time zone := clock_timestamp();
    answers_until timestamp with time zone := moment - make_interval(days => greatest(answers_days, 1));
    sign_ins_until timestamp with time zone := moment - make_interval(days => greatest(sign_ins_days, 1));
    public_until timestamp with time zone := moment - interval '1 day';
BEGIN
    -- whoever has no sign-in may ask without end: their answers are bounded in number as well
    SELECT greatest(public_until, a.computed_at) INTO public_until
    FROM muang.answer AS a
    WHERE a.role = 'public'
    ORDER BY a.computed_at DESC
    OFFSET public_most LIMIT 1;
    public_until := coalesce(public_until, moment - interval '1 day');

    what := 'answers of the public';
    DELETE FROM muang.answer AS d WHERE d.id = any(ARRAY(
        SELECT a.id FROM muang.answer AS a
        WHERE a.role = 'public' AND a.computed_at <= public_until
        ORDER BY a.computed_at LIMIT batch FOR UPDATE SKIP LOCKED
    ));
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN NEXT;

    what := 'answers';
    DELETE FROM muang.answer AS d WHERE d.id = any(ARRAY(
        SELECT a.id FROM muang.answer AS a
        WHERE a.computed_at <= answers_until
        ORDER BY a.computed_at LIMIT batch FOR UPDATE SKIP LOCKED
    ));
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN NEXT;

    what := 'sessions';
    DELETE FROM muang.session AS d WHERE d.id = any(ARRAY(
        SELECT s.id FROM muang.session AS s
        WHERE least(s.ended_at, s.expires_at) <= sign_ins_until
        LIMIT batch FOR UPDATE SKIP LOCKED
    ));
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN NEXT;

    what := 'tokens';
    DELETE FROM muang.api_token AS d WHERE d.id = any(ARRAY(
        SELECT t.id FROM muang.api_token AS t
        WHERE least(t.revoked_at, t.expires_at) <= sign_ins_until
        LIMIT batch FOR UPDATE SKIP LOCKED
    ));
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN NEXT;

    what := 'failed sign-ins';
    -- a name tried many times over stays longer: a hundred failures in a row ask for more
    DELETE FROM muang.sign_in_failure AS d WHERE d.key = any(ARRAY(
        SELECT f.key FROM muang.sign_in_failure AS f
        WHERE f.last_at <= moment - interval '1 day'
            AND (f.total < 10 OR f.last_at <= sign_ins_until)
        LIMIT batch FOR UPDATE SKIP LOCKED
    ));
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN NEXT;

    -- who opened personal rows, and why, is proof like the answers given while it was open
    what := 'closed events and tasks';
    DELETE FROM muang.opening AS d WHERE d.id = any(ARRAY(
        SELECT o.id FROM muang.opening AS o
        WHERE o.closed_at <= answers_until
        LIMIT batch FOR UPDATE SKIP LOCKED
    ));
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN NEXT;

    -- the sealed file may lie in backups as well: without its key it is noise everywhere
    what := 'keys of raw files';
    UPDATE muang.raw_file AS u SET seal_key = NULL, forgotten_at = moment
    WHERE u.sha256 = any(ARRAY(
        SELECT r.sha256 FROM muang.raw_file AS r
        WHERE r.forget_at <= moment AND r.seal_key IS NOT NULL
        LIMIT batch FOR UPDATE SKIP LOCKED
    ));
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN NEXT;
END;
$$;
