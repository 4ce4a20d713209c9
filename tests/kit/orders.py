"""A test in another language tells the test that started it what to do: it posts an order's name, and waits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

Orders = Mapping[str, Callable[[], object]]


@contextmanager
def taking_orders(orders: Orders) -> Iterator[str]:
    """The address at which `POST /<name>` does what has that name; it is answered once that is done."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            orders[self.path.removeprefix("/")]()
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing of each order."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        serving = Thread(target=server.serve_forever, name="orders")
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            serving.join()
