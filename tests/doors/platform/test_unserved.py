"""Protocols that are not spoken say so."""

from __future__ import annotations

import httpx
import pytest

from runline.app import create_app
from runline.config import Settings


@pytest.mark.parametrize("prefix", ["", "/api"])
@pytest.mark.parametrize(
    ("method", "path", "protocol"),
    [
        ("POST", "/mcp", "MCP"),
        ("GET", "/mcp/", "MCP"),
        ("DELETE", "/mcp/", "MCP"),
        ("POST", "/mcp/", "MCP"),
        ("POST", "/a2a/fe096781-5601-53d2-b2f6-0d3403f7e9ca", "A2A"),
    ],
)
async def test_mcp_and_a2a_are_not_served(method: str, path: str, protocol: str, prefix: str) -> None:
    transport = httpx.ASGITransport(create_app(Settings()))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        answer = await client.request(method, prefix + path, json={})

    assert answer.status_code == 501
    assert answer.json() == {"detail": f"This version of Runline does not serve {protocol}"}
