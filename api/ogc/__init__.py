"""OGC API Features: landing page, collections, items, queryables and schemas."""
