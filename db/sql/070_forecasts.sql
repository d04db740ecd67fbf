-- Forecasts of arrival as they were told: the newest of a gauge, or the one told by a moment.
-- from: muang.forecast, muang.forecast_fit -> api (POST /queries/arrival), db.forecasts.stage_at

CREATE OR REPLACE FUNCTION muang.forecast_of(
    of_gauge text, in_exercise boolean, of_id bigint, up_to timestamp with time zone
)
RETURNS TABLE (
    id bigint,
    gauge text,
    exercise boolean,
    made_at timestamp with time zone,
    origin timestamp with time zone,
    level_m double precision,
    points jsonb,
    crossings jsonb,
    inputs jsonb,
    caveats jsonb,
    skill jsonb,
    trained_from timestamp with time zone,
    trained_to timestamp with time zone,
    model_version text,
    fit bigint,
    fitted_at timestamp with time zone
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT
        f.id, f.gauge, f.exercise, f.made_at, f.origin, f.level_m, f.points, f.crossings, f.inputs,
        f.caveats, t.skill, t.trained_from, t.trained_to, t.model_version,
        t.id, t.made_at
    FROM muang.forecast AS f
    LEFT JOIN muang.forecast_fit AS t ON f.fit = t.id
    WHERE f.gauge = of_gauge AND f.exercise = in_exercise
        AND (of_id IS NULL OR f.id = of_id)
        AND (up_to IS NULL OR f.made_at <= up_to)
    ORDER BY f.id DESC
    LIMIT 1;
$$;

CREATE OR REPLACE TRIGGER a_open BEFORE INSERT ON muang.forecast
FOR EACH STATEMENT EXECUTE FUNCTION muang.open_change_set();

CREATE OR REPLACE TRIGGER b_told AFTER INSERT ON muang.forecast
FOR EACH STATEMENT EXECUTE FUNCTION muang.note_topic('forecasts');
