"""The water, as pure functions over arrays, frames and graphs: no SQL, no HTTP."""
