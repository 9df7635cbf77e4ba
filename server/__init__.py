"""The aiohttp application, the only place where detection and storage meet."""
