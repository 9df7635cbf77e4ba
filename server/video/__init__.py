"""Recordings as H.264: made on demand in a process of its own, kept in pieces, sent in ranges."""
