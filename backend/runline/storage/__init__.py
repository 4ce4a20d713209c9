"""SQLAlchemy Core over SQLite: one class per noun; one store method is one transaction; model objects out."""
