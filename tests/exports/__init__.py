"""Files written from layers: what they hold, and that they come back equal."""
