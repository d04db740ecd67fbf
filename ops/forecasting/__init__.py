"""Forecasting a town's gauges: what `db` reads goes through `flood`, and what it tells is kept."""
