"""Tests of the audit of an index."""
