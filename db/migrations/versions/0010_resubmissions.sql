-- The set of changes that took an import back, so that the taking back can be taken back itself;
-- the import whose refused rows another brings again, mended; and how an import's file was read,
-- so that such rows need not be explained a second time.
ALTER TABLE muang.dataset
ADD COLUMN undone_set bigint,
ADD COLUMN resubmits bigint REFERENCES muang.dataset (id),
ADD COLUMN read_as jsonb;
