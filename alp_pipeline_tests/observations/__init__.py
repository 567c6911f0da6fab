"""Tests of alp_pipeline.observations."""
