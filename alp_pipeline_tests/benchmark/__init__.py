"""Tests of the benchmark methods."""
