"""The graphs that are served: imported once at the start, opened for each use.

What langgraph.json names may be a compiled graph, a builder, or a factory that makes either. The first two
are ready after loading, and opening them costs next to nothing; a factory is called by each `open`.

Divergence 11: a factory that blocks does not hold up the other runs: it is called in a thread. The official
server calls it on its event loop.
Divergence 12: a factory's context manager cannot swallow an error of the run it was opened for. Officially
such a run ends in success.
Divergence 13: a graph that cannot be loaded leaves the others working; the official server does not start.
"""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    AsyncExitStack,
    asynccontextmanager,
    nullcontext,
    suppress,
)
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

from langchain_core.runnables import RunnableConfig
from langgraph.graph import StateGraph
from langgraph.pregel import Pregel
from langgraph.store.base import BaseStore
from langgraph_sdk.auth.types import BaseUser
from langgraph_sdk.runtime import AccessContext, ServerRuntime, _ExecutionRuntime, _ReadRuntime

from runline.errors import GraphUnavailable, NotFound, RunlineError
from runline.graphs.loading import GraphLoadError, Wish, add_import_folders, load_target, read_wishes
from runline.graphs.project import GraphProject, GraphSpec

AnyGraph: TypeAlias = Pregel[Any, Any, Any, Any]


@dataclass(frozen=True, slots=True)
class Access:
    """Why a graph is opened, and for whom; a factory that asks for a ServerRuntime sees it.

    `context` is the run's context as it was sent, and only seen with the reason "threads.create_run".
    """

    reason: AccessContext
    user: BaseUser | None = None
    context: object = None

    def runtime(self, store: BaseStore) -> ServerRuntime[Any]:
        """Say it in the SDK's words."""
        if self.reason == "threads.create_run":
            return _ExecutionRuntime(access_context=self.reason, user=self.user, store=store, context=self.context)
        return _ReadRuntime(access_context=self.reason, user=self.user, store=store)


class GraphRegistry:
    """The graphs of one project. `broken` says, by graph_id, why a graph cannot be opened."""

    def __init__(self, specs: Mapping[str, GraphSpec]) -> None:
        self.specs = specs
        self._ready: dict[str, nullcontext[AnyGraph]] = {}
        self._factories: dict[str, _Factory] = {}
        self._broken: dict[str, str] = {}

    @classmethod
    def load(cls, project: GraphProject) -> GraphRegistry:
        """Import every graph. This runs the user's code, with the project's environment and folders in place."""
        apply_env(project.env)
        add_import_folders(project)
        registry = cls(project.graphs)
        for spec in project.graphs.values():
            try:
                registry._add(spec.graph_id, load_target(spec.target, project.folder))
            except GraphLoadError as exc:
                registry._broken[spec.graph_id] = str(exc)
            except Exception as exc:
                registry._broken[spec.graph_id] = f"compiling it failed: {type(exc).__name__}: {exc}"
        return registry

    def _add(self, graph_id: str, target: object) -> None:
        if isinstance(target, Pregel | StateGraph):
            self._ready[graph_id] = nullcontext(_compile(graph_id, target))
        elif callable(target):
            self._factories[graph_id] = _Factory(graph_id, target, read_wishes(target))
        else:
            raise GraphLoadError(
                f"it is of type {type(target).__name__}, and only a compiled graph, a StateGraph,"
                " or a function that makes one of them can be served"
            )

    @property
    def graph_ids(self) -> tuple[str, ...]:
        """All graphs, broken ones too, in the file's order."""
        return tuple(self.specs)

    @property
    def loaded(self) -> frozenset[str]:
        """The graphs that can be opened."""
        return frozenset(self.specs) - self._broken.keys()

    @property
    def broken(self) -> Mapping[str, str]:
        """The graphs that could not be loaded, each with a sentence."""
        return self._broken

    def __contains__(self, graph_id: object) -> bool:
        return graph_id in self.specs

    def description(self, graph_id: str) -> str | None:
        """What langgraph.json says about the graph."""
        return self.specs[graph_id].description

    def require(self, graph_id: str) -> None:
        """Raise NotFound for a graph that is not configured."""
        if graph_id not in self.specs:
            raise NotFound(f"Graph '{graph_id}' not found. Expected one of: {sorted(self.specs)}")

    def check(self, graph_id: str) -> None:
        """Raise NotFound for a graph that is not configured, GraphUnavailable for a broken one."""
        self.require(graph_id)
        if graph_id in self._broken:
            raise GraphUnavailable(graph_id, self._broken[graph_id])

    def open(
        self, graph_id: str, config: RunnableConfig, *, access: Access, store: BaseStore
    ) -> AbstractAsyncContextManager[AnyGraph]:
        """Return a context manager that yields the graph; raises as `check` does.

        What a factory raises comes out unchanged when the context is entered.
        """
        if ready := self._ready.get(graph_id):
            return ready
        self.check(graph_id)
        return self._factories[graph_id].open(config, access.runtime(store))

    @asynccontextmanager
    async def ask(
        self, graph_id: str, config: RunnableConfig, *, access: Access, store: BaseStore
    ) -> AsyncIterator[AnyGraph]:
        """Open the graph as `open` does, not to run it: a factory that fails now is GraphUnavailable."""
        async with AsyncExitStack() as stack:
            try:
                graph = await stack.enter_async_context(self.open(graph_id, config, access=access, store=store))
            except RunlineError:
                raise
            except Exception as exc:
                raise GraphUnavailable(graph_id, f"{type(exc).__name__} in its factory") from exc
            yield graph


def apply_env(env: Mapping[str, str]) -> None:
    """Set the project's variables in this process; one that is set already keeps its value."""
    for name, value in env.items():
        os.environ.setdefault(name, value)


def _compile(graph_id: str, made: object) -> AnyGraph:
    """Make a graph ready to run; one without a name of its own is called by its graph_id."""
    graph = made.compile() if isinstance(made, StateGraph) else made
    if not isinstance(graph, Pregel):
        kind = type(graph).__name__
        raise TypeError(f"the factory of graph '{graph_id}' made neither a graph nor a builder: {kind}")
    return graph if graph.name != Pregel.name else graph.copy({"name": graph_id})


@dataclass(frozen=True, slots=True)
class _Factory:
    """A function that makes the graph; `wishes` says what to pass it, by parameter name."""

    graph_id: str
    make: Callable[..., Any]
    wishes: Mapping[str, Wish]

    @asynccontextmanager
    async def open(self, config: RunnableConfig, runtime: ServerRuntime[Any]) -> AsyncIterator[AnyGraph]:
        """Call it, enter what it returns, and leave that again when the caller is done."""
        failure: BaseException | None = None
        async with AsyncExitStack() as stack:
            made = await self._call({"config": config, "runtime": runtime})
            if isinstance(made, AbstractAsyncContextManager):
                made = await stack.enter_async_context(made)
            elif isinstance(made, AbstractContextManager):
                made = await stack.enter_async_context(_Threaded(made))
            try:
                yield _compile(self.graph_id, made)
            except BaseException as exc:
                failure = exc
                raise
        if failure:
            raise failure

    async def _call(self, values: Mapping[Wish, Any]) -> Any:
        arguments = {name: values[wish] for name, wish in self.wishes.items()}
        if _returns_at_once(self.make):
            made = self.make(**arguments)
        else:
            made = await _in_thread(partial(self.make, **arguments))
        return await made if inspect.isawaitable(made) else made


class _Threaded(AbstractAsyncContextManager[Any]):
    """A blocking context manager, entered and left in threads; what was entered is always left."""

    def __init__(self, manager: AbstractContextManager[Any]) -> None:
        self._manager = manager

    async def __aenter__(self) -> Any:
        entering = asyncio.ensure_future(_in_thread(self._manager.__enter__))
        try:
            return await asyncio.shield(entering)
        except asyncio.CancelledError as exc:
            with suppress(Exception):
                await entering
                await self.__aexit__(type(exc), exc, exc.__traceback__)
            raise

    async def __aexit__(self, *failure: Any) -> bool:
        return bool(await _in_thread(partial(self._manager.__exit__, *failure)))


async def _in_thread(call: Callable[[], Any]) -> Any:
    return await asyncio.to_thread(_without_stop_iteration, call)


def _without_stop_iteration(call: Callable[[], Any]) -> Any:
    """Before Python 3.12 a StopIteration in a thread leaves whoever awaits it waiting for ever."""
    try:
        return call()
    except StopIteration as exc:
        raise RuntimeError("a graph factory raised StopIteration") from exc


def _returns_at_once(make: Callable[..., Any]) -> bool:
    """Tell whether calling it only creates something to await or to enter."""
    call = getattr(make, "__call__", None)  # noqa: B004 - an object with an async __call__
    return (
        inspect.iscoroutinefunction(make)
        or inspect.iscoroutinefunction(call)
        or inspect.isasyncgenfunction(inspect.unwrap(make))
    )
