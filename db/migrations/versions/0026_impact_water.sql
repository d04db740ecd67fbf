-- the impact answer is counted layer by layer, over `muang.impact_water`
DROP FUNCTION IF EXISTS muang.impact(
    bigint[], gis.geometry, text[], boolean, text[], text[], double precision
);
