"""One call over real sockets: to the address that was judged, under the name that was asked for."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from kit.receiver import Receiver, receiving
from runline.webhooks.guard import Target
from runline.webhooks.sender import Sender, SendError, open_sender

HERE, NOBODY_HERE = "127.0.0.1", "127.0.0.2"
NAME = "hooks.test"


@asynccontextmanager
async def sending(timeout_seconds: float = 30.0) -> AsyncIterator[Sender]:
    async with open_sender(timeout_seconds, {"X-Token": "secret"}, most=4) as sender:
        yield sender


def target_of(receiver: Receiver, *addresses: str, scheme: str = "http") -> Target:
    return Target(httpx.URL(f"{scheme}://{NAME}:{receiver.port}/hook?a=1"), receiver.port, addresses or (HERE,))


async def test_the_call_names_the_host_and_goes_to_the_address() -> None:
    """No resolver knows the name: nobody is asked again."""
    async with receiving("204 No Content") as receiver, sending() as sender:
        assert await sender.post(target_of(receiver), {"Webhook-Id": "1"}, b"{}") == 204
    (call,) = receiver.calls
    assert (call.path, call.body) == ("/hook?a=1", b"{}")
    wanted = {
        "host": f"{NAME}:{receiver.port}",
        "content-type": "application/json",
        "x-token": "secret",
        "webhook-id": "1",
        "content-length": "2",
    }
    assert wanted.items() <= call.headers.items()
    assert call.headers["user-agent"].startswith("runline/")


async def test_a_redirect_is_an_answer_like_any_other() -> None:
    async with receiving() as other, receiving(f"307 Temporary Redirect\r\nLocation: {other.url()}") as receiver:
        async with sending() as sender:
            assert await sender.post(target_of(receiver), {}, b"{}") == 307
        assert other.calls == []


async def test_the_next_address_is_tried_when_one_takes_no_connection() -> None:
    async with receiving() as receiver, sending() as sender:
        assert await sender.post(target_of(receiver, NOBODY_HERE, HERE), {}, b"{}") == 200


async def test_no_connection_is_one_sentence() -> None:
    async with receiving() as receiver:
        target = target_of(receiver, NOBODY_HERE)
    async with sending() as sender:
        with pytest.raises(SendError, match="No connection"):
            await sender.post(target, {}, b"{}")


async def test_a_receiver_that_is_silent_is_given_up() -> None:
    async with receiving(None) as receiver, sending(0.2) as sender:
        with pytest.raises(SendError, match="No answer within"):
            await sender.post(target_of(receiver), {}, b"{}")


async def test_a_receiver_that_speaks_no_http_is_one_sentence() -> None:
    async def babble(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 smtp.test ESMTP\r\n")
        writer.close()

    server = await asyncio.start_server(babble, HERE, 0)
    async with server, sending() as sender:
        receiver = Receiver(server.sockets[0].getsockname()[1])
        with pytest.raises(SendError, match="The connection failed: "):
            await sender.post(target_of(receiver), {}, b"{}")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For NAME alone, signed by itself; key and certificate in one file."""
    file = tmp_path_factory.mktemp("tls") / "certificate.pem"
    subject = ["-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"]
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject]
    subprocess.run([*request, "-keyout", file, "-out", file.with_suffix(".crt")], check=True, capture_output=True)
    with file.open("a") as both:
        both.write(file.with_suffix(".crt").read_text())
    return file


async def test_the_certificate_is_checked_by_the_name_and_not_by_the_address(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate)
    named: list[str | None] = []
    tls.sni_callback = lambda _socket, name, _context: named.append(name)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.with_suffix(".crt")))
    async with receiving(tls=tls) as receiver, sending() as sender:
        assert await sender.post(target_of(receiver, scheme="https"), {}, b"{}") == 200
        assert named == [NAME]
        other = Target(httpx.URL(f"https://other.test:{receiver.port}/"), receiver.port, (HERE,))
        with pytest.raises(SendError, match="No connection"):
            await sender.post(other, {}, b"{}")
        assert len(receiver.calls) == 1
