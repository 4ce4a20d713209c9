"""SQLAlchemy Core over two databases: one class per noun; one store method is one transaction; model objects out."""
