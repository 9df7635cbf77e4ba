"""HTTP, by subject. `routes` is the table of it all; the other modules hold the handlers."""
