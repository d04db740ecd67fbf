-- A fitted model, so that a forecaster started again need not fit it: `basis` is what it was fitted
-- on (gauge, gauges above with travel times, grid, gauges left out), `model` an .npz of numbers.
CREATE TABLE muang.forecast_model (
    fit BIGINT PRIMARY KEY REFERENCES muang.forecast_fit ON DELETE CASCADE,
    basis JSONB NOT NULL,
    model BYTEA NOT NULL
);

CREATE INDEX forecast_fit_newest ON muang.forecast_fit (gauge, id);

-- It tells which fit a forecast was made with; db/sql makes it anew.
DROP FUNCTION IF EXISTS muang.forecast_of(text, boolean, bigint, timestamp with time zone);
