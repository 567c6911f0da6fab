"""Tests of uncertainty and sensitivity."""
