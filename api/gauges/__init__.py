"""Gauges: what each says now, its readings, and readings entered by hand with a photograph."""
