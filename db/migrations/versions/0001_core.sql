-- The platform's own records in schema muang: the town, change order, datasets, tokens, answers.

CREATE TABLE muang.town (
    one_row boolean PRIMARY KEY DEFAULT true CHECK (one_row),
    id text NOT NULL,
    name_th text NOT NULL,
    name_en text NOT NULL,
    srid integer NOT NULL,
    synthetic boolean NOT NULL,
    codes jsonb NOT NULL DEFAULT '{}',
    created_at timestamp with time zone NOT NULL DEFAULT now()
);

-- one row per transaction that changed a layer; pos is given after commit by the sequencer
CREATE SEQUENCE muang.change_set_id AS bigint;
CREATE TABLE muang.change_set (
    id bigint PRIMARY KEY,
    actor text NOT NULL,
    at timestamp with time zone NOT NULL,
    pos bigint UNIQUE,
    committed_at timestamp with time zone
);

-- one row per statement, layer and cell of about 1 km; pos orders committed changes without gaps
CREATE TABLE muang.layer_change (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    pos bigint UNIQUE,
    change_set bigint NOT NULL,
    layer text NOT NULL,
    op text NOT NULL CHECK (op IN ('insert', 'update', 'delete')),
    cell_x integer,
    cell_y integer,
    row_count bigint NOT NULL,
    old_box gis.geometry(GEOMETRY, {srid}),
    new_box gis.geometry(GEOMETRY, {srid}),
    committed_at timestamp with time zone
);
CREATE INDEX layer_change_waiting ON muang.layer_change (id) WHERE pos IS NULL;
CREATE INDEX layer_change_layer_pos ON muang.layer_change (layer, pos DESC);
CREATE INDEX layer_change_set ON muang.layer_change (change_set);

-- one row per import: what was read from which files, by whom, and what became of it
CREATE TABLE muang.dataset (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    layer text NOT NULL,
    source text NOT NULL,
    licence text,
    note text,
    synthetic boolean NOT NULL DEFAULT false,
    files jsonb NOT NULL DEFAULT '[]',
    mode text NOT NULL,
    actor text NOT NULL,
    started_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamp with time zone,
    change_set bigint,
    report jsonb,
    undone_at timestamp with time zone,
    undone_by text
);
CREATE INDEX dataset_layer ON muang.dataset (layer, id);

-- rows a load refused, whole, with the reason: nothing is dropped silently
CREATE TABLE muang.refused_row (
    dataset_id bigint NOT NULL REFERENCES muang.dataset (id) ON DELETE CASCADE,
    row_no bigint NOT NULL,
    key text,
    reason_th text NOT NULL,
    reason_en text NOT NULL,
    row_data jsonb NOT NULL,
    PRIMARY KEY (dataset_id, row_no)
);

-- machine tokens; only the SHA-256 of a token is kept
CREATE TABLE muang.api_token (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    token_hash bytea NOT NULL UNIQUE,
    role text NOT NULL,
    name text NOT NULL,
    created_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone
);

-- answers given, with what they were worked out from
CREATE TABLE muang.answer (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    computed_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    pos bigint NOT NULL,
    role text NOT NULL,
    request jsonb NOT NULL,
    response jsonb NOT NULL
);
