-- People who sign in, their sessions, failed attempts, and records that open personal rows.

CREATE TABLE muang.account (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- lower case, NFKC: what people type is normalised the same way
    username text NOT NULL UNIQUE,
    display_name text NOT NULL,
    role text NOT NULL,
    -- communities a caregiver is limited to; null: all of the town
    communities text[],
    -- the crew a member of a field team belongs to
    team text,
    -- argon2id in PHC form; null: signs in through OpenID Connect only
    password_hash text,
    -- encrypted with a key derived from the platform's secret
    totp_secret bytea,
    totp_last_step bigint,
    oidc_issuer text,
    oidc_subject text,
    -- made at first sign-in by the configured mapping, which gives it its role each time
    oidc_mapped boolean NOT NULL DEFAULT false,
    -- made by the demo and printed on the screen: never accepted off loopback
    throwaway boolean NOT NULL DEFAULT false,
    created_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    password_changed_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    disabled_at timestamp with time zone,
    UNIQUE (oidc_issuer, oidc_subject)
);

CREATE TABLE muang.session (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    token_hash bytea NOT NULL UNIQUE,
    account_id bigint NOT NULL REFERENCES muang.account (id) ON DELETE CASCADE,
    created_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    seen_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone
);
CREATE INDEX session_account ON muang.session (account_id);

-- counters of failed attempts; the key is a hash of a name or an address, existing or not
CREATE TABLE muang.sign_in_failure (
    key bytea PRIMARY KEY,
    -- in a row, less than half an hour apart: how long to wait
    recent integer NOT NULL DEFAULT 1,
    -- since the last success: when a password alone is no longer enough
    total integer NOT NULL DEFAULT 1,
    last_at timestamp with time zone NOT NULL DEFAULT clock_timestamp()
);

-- What opens personal rows for a while: an event to the coordinators, a task to a team. The war
-- room writes these records; until then only tests do.
CREATE TABLE muang.opening (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('event', 'task')),
    -- task: the crew it is given to, and the care location it is about
    team text,
    care_code text,
    reason text NOT NULL,
    opened_by text NOT NULL,
    opened_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    closed_at timestamp with time zone,
    CHECK (kind = 'event' OR (team IS NOT NULL AND care_code IS NOT NULL))
);
CREATE INDEX opening_open ON muang.opening (kind, team) WHERE closed_at IS NULL;

-- a token may be limited like the person it was made for
ALTER TABLE muang.api_token ADD COLUMN communities text[];
ALTER TABLE muang.api_token ADD COLUMN team text;
-- whoever made it: it ends with their account, and never allows more than the account does
ALTER TABLE muang.api_token ADD COLUMN account_id bigint REFERENCES muang.account (id);

-- what the person could see when an answer with scoped counts was given; null: the role says all
ALTER TABLE muang.answer ADD COLUMN fingerprint text;

-- operational needs of people in care: what rescuers must bring, which is not diagnosis
ALTER TABLE town.care_locations
ADD COLUMN carer_phone text,
ADD COLUMN mobility text,
ADD COLUMN carriers_needed bigint,
ADD COLUMN oxygen_hours_left double precision,
ADD COLUMN next_dialysis_on date,
ADD CONSTRAINT care_locations_carriers_needed_range CHECK ("carriers_needed" >= 0),
ADD CONSTRAINT care_locations_oxygen_hours_left_range CHECK ("oxygen_hours_left" >= 0);
ALTER TABLE history.care_locations
ADD COLUMN carer_phone text,
ADD COLUMN mobility text,
ADD COLUMN carriers_needed bigint,
ADD COLUMN oxygen_hours_left double precision,
ADD COLUMN next_dialysis_on date;

-- what a row refers to is how rows are found from a community, a parcel or a route
CREATE INDEX houses_community ON town.houses (community);
CREATE INDEX houses_parcel_code ON town.houses (parcel_code);
CREATE INDEX households_house_code ON town.households (house_code);
CREATE INDEX permits_parcel_code ON town.permits (parcel_code);
CREATE INDEX waste_stops_route_code ON town.waste_stops (route_code);
CREATE INDEX care_locations_household ON town.care_locations (household);

-- what retention looks for, oldest first
CREATE INDEX answer_computed_at ON muang.answer (computed_at);
CREATE INDEX answer_of_the_public ON muang.answer (computed_at) WHERE role = 'public';
CREATE INDEX sign_in_failure_last_at ON muang.sign_in_failure (last_at);
