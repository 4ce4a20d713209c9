"""Several processes on one PostgreSQL and one Redis, as operators run them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

import httpx

from gateway import GRAPHS, Gateway
from kit.postgres import Server
from shared import shared_place


@dataclass
class Fleet:
    """What its nodes share."""

    folder: Path
    settings: Mapping[str, str]
    graphs: Path = GRAPHS
    nodes: list[Gateway] = field(default_factory=list)

    def node(self, *command: str, **settings: str) -> Gateway:
        """One more process, `runline serve` unless a command is given; it is not started yet."""
        folder = self.folder / f"node-{len(self.nodes)}"
        made = Gateway(folder, {**self.settings, **settings}, self.graphs, command=command or ("serve",))
        self.nodes.append(made)
        return made

    def stop(self) -> None:
        """Stop all at once, as a rollout does, and look at what they have said."""
        for node in self.nodes:
            node.ask_to_stop()
        for node in self.nodes:
            node.until_stopped()
            assert node.complaints() == []

    def kill(self) -> None:
        """End all without warning."""
        for node in self.nodes:
            node.kill()


class Spread(httpx.AsyncHTTPTransport):
    """Sends each request to another node, as a balancer does."""

    def __init__(self, nodes: Sequence[Gateway]) -> None:
        super().__init__(limits=httpx.Limits())
        self._ports = cycle(node.port for node in nodes)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(port=next(self._ports))
        return await super().handle_async_request(request)


@contextmanager
def fleet(folder: Path, postgres: Server, redis_uri: str, **settings: str) -> Iterator[Fleet]:
    """A fleet on a database and a prefix of its own. At its end all must stop when asked, and their logs be clean."""
    with ExitStack() as stack:
        place = stack.enter_context(shared_place(postgres, redis_uri))
        made = Fleet(folder, {**place.environ, **settings})
        stack.callback(made.kill)
        yield made
        made.stop()
