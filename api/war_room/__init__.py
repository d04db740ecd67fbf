"""Events, incidents, tasks and boards: records of the war room and what is done with them."""
