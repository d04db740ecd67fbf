"""HTTP only: the application factory, routes, parameters, the tile front and the live hub."""
