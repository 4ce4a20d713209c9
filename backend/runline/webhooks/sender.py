"""One call of a webhook: to the address that was judged, under the name that was asked for."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress

import httpx

from runline import __version__
from runline.webhooks.guard import Target

_ATTEMPTED = 4
"""Addresses of one host that are tried, for as long as none of them takes the connection."""


class SendError(Exception):
    """Nobody answered; `str(error)` is one sentence for the log, which names no address."""


class Sender:
    """Calls receivers, each within `timeout_seconds` from the connection to the answer's head.

    What it calls with is made in a thread, for the first call: the certificates that are trusted take 3 MB and 40 ms.
    """

    def __init__(self, timeout_seconds: float, make_client: Callable[[], httpx.AsyncClient]) -> None:
        self.timeout_seconds = timeout_seconds
        self._make_client = make_client
        self._making: asyncio.Future[httpx.AsyncClient] | None = None

    async def post(self, target: Target, headers: Mapping[str, str], body: bytes) -> int:
        """Send the body and return the status code of the answer, whatever it is. Raises SendError."""
        try:
            async with asyncio.timeout(self.timeout_seconds):
                return await self._post_to_first(target, headers, body)
        except (TimeoutError, httpx.TimeoutException):
            raise SendError(f"No answer within {self.timeout_seconds:g} seconds") from None
        except httpx.ConnectError:
            raise SendError("No connection") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as exc:
            raise SendError(f"The connection failed: {type(exc).__name__}") from None

    async def _post_to_first(self, target: Target, headers: Mapping[str, str], body: bytes) -> int:
        *others, last = target.addresses[:_ATTEMPTED]
        for address in others:
            try:
                return await self._post(target, address, headers, body)
            except httpx.ConnectError:
                continue
        return await self._post(target, last, headers, body)

    async def _post(self, target: Target, address: str, headers: Mapping[str, str], body: bytes) -> int:
        """The URL names the address; Host, SNI and the certificate's check go by the name."""
        client = await self._client()
        request = client.build_request(
            "POST",
            target.url.copy_with(host=address),
            content=body,
            headers={**headers, "Host": target.url.netloc.decode("ascii")},
            extensions={"sni_hostname": target.url.raw_host.decode("ascii")},
        )
        response = await client.send(request, stream=True)
        # its body is of no use, and may have no end
        await response.aclose()
        return response.status_code

    async def _client(self) -> httpx.AsyncClient:
        if self._making is None or (self._making.done() and self._making.exception()):
            # its own: all others may be busy with graphs
            thread = ThreadPoolExecutor(1, "webhook-certificates")
            self._making = asyncio.get_running_loop().run_in_executor(thread, self._make_client)
            thread.shutdown(wait=False)
        # a call that is given up leaves it to the others
        return await asyncio.shield(self._making)

    async def close(self) -> None:
        """Call no more."""
        if self._making:
            with suppress(OSError):
                await (await self._making).aclose()


@asynccontextmanager
async def open_sender(timeout_seconds: float, headers: Mapping[str, str], most: int) -> AsyncIterator[Sender]:
    """A sender that adds `headers` to each call, and makes up to `most` at once."""
    fixed = {"User-Agent": f"runline/{__version__}", "Content-Type": "application/json", **headers}

    def make_client() -> httpx.AsyncClient:
        return httpx.AsyncClient(
            headers=fixed,
            timeout=timeout_seconds,
            follow_redirects=False,
            # no proxy: it would resolve the name again
            trust_env=False,
            verify=ssl.create_default_context(),
            # a connection is never used again: it was made for another name, perhaps
            limits=httpx.Limits(max_connections=most, max_keepalive_connections=0),
        )

    sender = Sender(timeout_seconds, make_client)
    try:
        yield sender
    finally:
        await sender.close()
