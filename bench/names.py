"""What the tables call things."""

from __future__ import annotations

GATEWAY, MINIMAL, OFFICIAL, ALONE = "gateway", "minimal", "official", "in process"
AEGRA = "Aegra"
SERVERS = (GATEWAY, MINIMAL, OFFICIAL, AEGRA)
ON_REDIS = "gateway on Redis"
POSTGRES, REDIS = "PostgreSQL", "Redis"

CLIENT = "client, cores"
"""Figures with this end are about the load generator; they are shown where it was near its limit."""

OFFICIAL_JOBS = 500
"""Jobs at once of the official server, where no other number serves a case better."""

Figures = dict[str, float]
"""What one turn measured, by name; a name ends with the unit."""
