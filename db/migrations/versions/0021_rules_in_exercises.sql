-- what rules found in an exercise's readings is remembered apart from what they found in the real ones
ALTER TABLE muang.rule_state ADD COLUMN exercise boolean NOT NULL DEFAULT false;
ALTER TABLE muang.rule_state DROP CONSTRAINT rule_state_pkey;
ALTER TABLE muang.rule_state ADD PRIMARY KEY (rule, place, exercise);
