"""Loopback servers that speak the protocols of the sources, over real sockets."""
