"""Bytes to members: compression, the one pass over the archive, layouts and limits."""
