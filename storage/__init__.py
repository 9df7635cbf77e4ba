"""What is kept: rows in PostgreSQL, pictures in an object store, and a spool for when PostgreSQL is away."""
