"""Measures speed on this machine: `python -m tests.bench`. Not collected by pytest."""
