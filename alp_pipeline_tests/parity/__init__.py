"""Comparisons with other tools, and with what people know, on real documents."""
