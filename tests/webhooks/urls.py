"""URLs that no webhook may have, and the words in which they are refused. Names are looked up in NAMES alone."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any

import pytest

NAMES: Mapping[str, list[str]] = {
    "public.test": ["93.184.215.14"],
    "public-v6.test": ["2606:2800:21f:cb07:6820:80da:af6b:8b2c"],
    "both.test": ["2606:2800:21f:cb07:6820:80da:af6b:8b2c", "93.184.215.14"],
    "xn--bcher-kva.test": ["93.184.215.14"],
    "rebound.test": ["127.0.0.1"],
    "private.test": ["10.1.2.3"],
    "one-of-two.test": ["93.184.215.14", "192.168.0.10"],
    "mapped.test": ["::ffff:10.0.0.1"],
    "nat64.test": ["64:ff9b::a00:1"],
    "metadata.google.internal": ["169.254.169.254"],
    "localhost": ["127.0.0.1"],
    "localtest.test": ["::1"],
    "nobody.test": [],
}

_LOOPBACK = "Webhook host blocked: loopback IP range"
_BLOCKED = "Webhook host blocked: blocked IP range"
_LOCALHOST = "Webhook host blocked: localhost address"
_METADATA = "Webhook host blocked: cloud metadata endpoint"
_NO_HOST = "Invalid webhook hostname ''"
_UNPRINTABLE = "Invalid webhook URL: Invalid non-printable ASCII character in URL"
_UNKNOWN = "Webhook host blocked: DNS resolution failed"

REFUSED: Mapping[str, str] = {
    # this machine, in all its spellings
    "http://127.0.0.1/": _LOOPBACK,
    "https://127.255.255.254:8443/": _LOOPBACK,
    "http://2130706433/": _LOOPBACK,
    "http://0x7f000001/": _LOOPBACK,
    "http://0177.0.0.1/": "Invalid webhook URL: Invalid IPv4 address: '0177.0.0.1'",
    "http://127.1/": _LOOPBACK,
    "http://[::1]/": _LOOPBACK,
    "http://localhost/": _LOCALHOST,
    "http://LocalHost:8080/": _LOCALHOST,
    "http://localhost./": _LOCALHOST,
    "http://app.localhost/": _LOCALHOST,
    "http://rebound.test/": _LOOPBACK,
    "http://localtest.test/": _LOOPBACK,
    "http://0.0.0.0/": _BLOCKED,
    "http://0/": _BLOCKED,
    "http://[::]/": _BLOCKED,
    # networks of one's own
    "http://10.0.0.1/": _BLOCKED,
    "http://172.16.0.1/": _BLOCKED,
    "http://172.31.255.254/": _BLOCKED,
    "http://192.168.1.1/": _BLOCKED,
    "http://100.64.0.1/": _BLOCKED,
    "http://[fc00::1]/": _BLOCKED,
    "http://[fd12:3456::1]/": _BLOCKED,
    "http://private.test/": _BLOCKED,
    "http://one-of-two.test/": _BLOCKED,
    # link-local, and the metadata of clouds
    "http://169.254.169.254/latest/meta-data/": _BLOCKED,
    "http://[fe80::1]/": _BLOCKED,
    "http://[fd00:ec2::254]/": _BLOCKED,
    "http://100.100.100.200/": _BLOCKED,
    "http://168.63.129.16/": _BLOCKED,
    "http://192.0.0.192/": _BLOCKED,
    "http://metadata.google.internal/": _METADATA,
    "http://METADATA.google.internal./computeMetadata/v1/": _METADATA,
    # IPv4 inside IPv6
    "http://[::ffff:127.0.0.1]/": _BLOCKED,
    "http://[::ffff:a00:1]/": _BLOCKED,
    "http://[::127.0.0.1]/": _BLOCKED,
    "http://[64:ff9b::7f00:1]/": _BLOCKED,
    "http://[64:ff9b:1::a00:1]/": _BLOCKED,
    "http://[2002:7f00:1::]/": _BLOCKED,
    "http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/": _BLOCKED,
    "http://mapped.test/": _BLOCKED,
    "http://nat64.test/": _BLOCKED,
    # nobody's
    "http://224.0.0.1/": _BLOCKED,
    "http://255.255.255.255/": _BLOCKED,
    "http://192.0.2.1/": _BLOCKED,
    "http://198.18.0.1/": _BLOCKED,
    "http://[ff02::1]/": _BLOCKED,
    "http://[2001:db8::1]/": _BLOCKED,
    "http://nobody.test/": _UNKNOWN,
    # no address of the web at all
    "/relative": _NO_HOST,
    "//public.test/": "Webhook host blocked: scheme '' not allowed",
    "public.test/hook": _NO_HOST,
    "http://": _NO_HOST,
    "http:///path": _NO_HOST,
    "ftp://public.test/": "Webhook host blocked: scheme 'ftp' not allowed",
    "file:///etc/passwd": _NO_HOST,
    "gopher://public.test:70/_": "Webhook host blocked: scheme 'gopher' not allowed",
    "http://user:password@public.test/": "Webhook URL must not contain credentials",
    "http://token@public.test/": "Webhook URL must not contain credentials",
    "https://public.test:0/": "Port out of range 0-65535",
    "https://public.test:65536/": "Port out of range 0-65535",
    "https://public.test:port/": "Invalid webhook URL: Invalid port: 'port'",
    "http://a.test/\r\nX: 1": f"{_UNPRINTABLE}, '\\r' at position 14.",
    "http://a.test/\0": f"{_UNPRINTABLE}, '\\x00' at position 14.",
}


def stub_names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Let NAMES be all the names there are; returns them to be changed. Numbers are looked up as ever."""
    known = {name: list(addresses) for name, addresses in NAMES.items()}
    real = socket.getaddrinfo

    def look_up(host: str, port: int, **more: Any) -> list[Any]:
        if (found := known.get(host.lower().rstrip("."))) is None:
            return real(host, port, flags=socket.AI_NUMERICHOST, **more)
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [entry for address in found for entry in real(address, port, **more)]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return known
