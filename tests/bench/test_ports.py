"""The ports that servers are given: theirs, whether they listen or not."""

from __future__ import annotations

import socket

import pytest

from bench.ports import free_port


def test_a_port_is_kept_for_its_server_before_it_listens_and_between_two_starts() -> None:
    port = free_port()
    for _start in range(2):
        assert_kept_and_silent(port)
        with socket.create_server(("127.0.0.1", port)), socket.create_connection(("127.0.0.1", port)):
            pass
    assert_kept_and_silent(port)


def assert_kept_and_silent(port: int) -> None:
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", port))
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
