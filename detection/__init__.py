"""Frames in, values out: faces, quality and rules. No event loop, no clock, no I/O but loading models."""
