-- Feeds: where readings are fetched from, how often, and how each feed is. No key is ever here: a
-- feed names its key, the key itself is in the configuration of the process that polls.

CREATE TABLE muang.feed (
    name text PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9_]{0,40}$'),
    title text,
    kind text NOT NULL,
    -- with {key} where the key belongs
    url text NOT NULL CHECK (length(url) <= 2000),
    headers jsonb NOT NULL DEFAULT '{}',
    mapping jsonb NOT NULL DEFAULT '{}',
    -- name of the key: MUANG_FEED_KEY_<NAME>
    secret text CHECK (secret ~ '^[A-Z][A-Z0-9_]{0,40}$'),
    interval_s integer NOT NULL CHECK (interval_s >= 1),
    -- may be asked for at a private address: a logger in the town hall's own network
    private boolean NOT NULL DEFAULT false,
    enabled boolean NOT NULL DEFAULT true,
    exercise boolean NOT NULL DEFAULT false,
    added_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    added_by text NOT NULL
);

CREATE TABLE muang.feed_state (
    feed text PRIMARY KEY REFERENCES muang.feed (name) ON DELETE CASCADE,
    circuit text NOT NULL DEFAULT 'waiting'
    CHECK (circuit IN ('waiting', 'closed', 'open', 'half_open')),
    since timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    tried_at timestamp with time zone,
    succeeded_at timestamp with time zone,
    -- time of the newest reading it ever brought, as its source tells it
    newest_at timestamp with time zone,
    failures integer NOT NULL DEFAULT 0,
    next_try_at timestamp with time zone,
    -- why the last try failed; null: it did not
    error_th text,
    error_en text,
    -- what is doubtful about what it brings; null: nothing
    doubt_th text,
    doubt_en text,
    etag text,
    last_modified text,
    -- what the last good answer held: read, new, same, revised, flagged, refused with reasons
    report jsonb
);

-- the last good and the last bad answer of each feed, for whoever has to find out what changed
CREATE TABLE muang.feed_body (
    feed text NOT NULL REFERENCES muang.feed (name) ON DELETE CASCADE,
    good boolean NOT NULL,
    at timestamp with time zone NOT NULL,
    status integer,
    -- without any key, cut to 64 kB
    body text NOT NULL CHECK (length(body) <= 65536),
    PRIMARY KEY (feed, good)
);

-- Exercises: at most one is open. Its time runs `speed` times as fast as the clock on the wall.
CREATE TABLE muang.exercise (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    scenario text NOT NULL,
    seed integer NOT NULL,
    speed double precision NOT NULL CHECK (speed BETWEEN 1 AND 3600),
    started_at timestamp with time zone NOT NULL,
    started_by text NOT NULL,
    closed_at timestamp with time zone,
    closed_by text
);
CREATE UNIQUE INDEX exercise_open ON muang.exercise ((true)) WHERE closed_at IS NULL;
