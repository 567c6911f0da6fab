"""Tests of the composite indicators."""
