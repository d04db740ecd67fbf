"""Feeds: what other people's machines say of the water, fetched again and again.

`thaiwater`, `usgs`, `mapper`, `gistda` are pure: bytes in, readings and a report out.
`fetching` asks over HTTP, `circuit` says when, `polling` does both for every feed at once,
`spool` keeps what is not yet in the database.
"""
