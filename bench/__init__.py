"""Paired benchmarks: ratios, medians, never timed tests."""
