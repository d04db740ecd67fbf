CREATE INDEX town_boundary_history_id ON history.town_boundary (id);

CREATE INDEX town_boundary_history_geom_3857 ON history.town_boundary USING gist (gis.st_transform(geom, 3857));

CREATE INDEX communities_history_id ON history.communities (id);

CREATE INDEX communities_history_geom_3857 ON history.communities USING gist (gis.st_transform(geom, 3857));

CREATE INDEX water_history_id ON history.water (id);

CREATE INDEX water_history_geom_3857 ON history.water USING gist (gis.st_transform(geom, 3857));

CREATE INDEX parcels_history_id ON history.parcels (id);

CREATE INDEX parcels_history_geom_3857 ON history.parcels USING gist (gis.st_transform(geom, 3857));

CREATE INDEX parcel_uses_history_id ON history.parcel_uses (id);

CREATE INDEX houses_history_id ON history.houses (id);

CREATE INDEX houses_history_geom_3857 ON history.houses USING gist (gis.st_transform(geom, 3857));

CREATE INDEX households_history_id ON history.households (id);

CREATE INDEX permits_history_id ON history.permits (id);

CREATE INDEX permits_history_geom_3857 ON history.permits USING gist (gis.st_transform(geom, 3857));

CREATE INDEX roads_history_id ON history.roads (id);

CREATE INDEX roads_history_geom_3857 ON history.roads USING gist (gis.st_transform(geom, 3857));

CREATE INDEX waste_routes_history_id ON history.waste_routes (id);

CREATE INDEX waste_routes_history_geom_3857 ON history.waste_routes USING gist (gis.st_transform(geom, 3857));

CREATE INDEX waste_stops_history_id ON history.waste_stops (id);

CREATE INDEX waste_stops_history_geom_3857 ON history.waste_stops USING gist (gis.st_transform(geom, 3857));

CREATE INDEX flood_zones_history_id ON history.flood_zones (id);

CREATE INDEX flood_zones_history_geom_3857 ON history.flood_zones USING gist (gis.st_transform(geom, 3857));

CREATE INDEX shelters_history_id ON history.shelters (id);

CREATE INDEX shelters_history_geom_3857 ON history.shelters USING gist (gis.st_transform(geom, 3857));

CREATE INDEX facilities_history_id ON history.facilities (id);

CREATE INDEX facilities_history_geom_3857 ON history.facilities USING gist (gis.st_transform(geom, 3857));

CREATE INDEX care_locations_history_id ON history.care_locations (id);

CREATE INDEX care_locations_history_geom_3857 ON history.care_locations USING gist (gis.st_transform(geom, 3857));
