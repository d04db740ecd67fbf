"""All SQL and every connection: settings, towns, tables, grants, loading, changes, queries."""
