"""The aiohttp application, the only place where detection and storage meet."""

from importlib.metadata import version

VERSION = version("invigil")
"""Of the distribution. Read once: looking it up reads files."""
