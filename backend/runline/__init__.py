"""Runline: a self-hosted runs gateway for LangGraph agents."""

__version__ = "0.1.0"
