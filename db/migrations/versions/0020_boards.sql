-- Since when a boat or vehicle is out and when it is due back; who recorded the last step.
ALTER TABLE town.resources
ADD COLUMN out_at TIMESTAMP WITH TIME ZONE,
ADD COLUMN due_at TIMESTAMP WITH TIME ZONE,
ADD COLUMN by_name TEXT;
ALTER TABLE history.resources
ADD COLUMN out_at TIMESTAMP WITH TIME ZONE,
ADD COLUMN due_at TIMESTAMP WITH TIME ZONE,
ADD COLUMN by_name TEXT;

ALTER TABLE town.shelter_stays ADD COLUMN by_name TEXT;
ALTER TABLE history.shelter_stays ADD COLUMN by_name TEXT;

ALTER TABLE town.evacuation_runs ADD COLUMN by_name TEXT;
ALTER TABLE history.evacuation_runs ADD COLUMN by_name TEXT;
