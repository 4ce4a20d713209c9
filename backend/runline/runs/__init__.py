"""The runs engine: admission, claims, execution, streams, rollback."""
