-- the incident of a condition that has ended: until it is over, the condition is no new one
ALTER TABLE muang.rule_state ADD COLUMN before bigint;
