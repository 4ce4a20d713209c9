"""Domain-free helpers: clock, ids, json, supervised tasks."""
