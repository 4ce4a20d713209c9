"""Runs as spans of a trace, for OpenTelemetry. Off unless its environment asks for it."""
