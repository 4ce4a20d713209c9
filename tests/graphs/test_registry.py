"""The registry: every kind of graph is loaded once and opened for each use."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from contextvars import ContextVar
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.store.memory import InMemoryStore

from runline.errors import GraphUnavailable, NotFound
from runline.graphs.project import GraphProject, GraphSpec
from runline.graphs.registry import Access, GraphRegistry

READ = Access("threads.read")
STORE = InMemoryStore()

GRAPHS = """
    import contextlib, functools, threading
    from typing import Any
    from typing_extensions import TypedDict
    from langchain_core.runnables import RunnableConfig
    from langgraph.graph import START, StateGraph
    from langgraph_sdk.runtime import ServerRuntime

    class State(TypedDict, total=False):
        n: int

    builder = StateGraph(State)
    builder.add_node("add", lambda state: {"n": state["n"] + 1})
    builder.add_edge(START, "add")
    graph = builder.compile()
    named = builder.compile(name="Named")
    log = []

    def make():
        log.append("call")
        return builder

    async def make_async():
        return graph

    def make_from_config(config: RunnableConfig):
        config["configurable"]["seen"].append(config)
        return graph

    def make_from_runtime(runtime: ServerRuntime):
        log.append(runtime)
        return graph

    def make_from_both(runtime: ServerRuntime, config: RunnableConfig):
        log.extend([runtime, config])
        return graph

    @contextlib.contextmanager
    def manage():
        log.append(f"enter off the loop: {threading.current_thread() is not threading.main_thread()}")
        try:
            yield builder
        finally:
            log.append("leave")

    @contextlib.asynccontextmanager
    async def manage_async():
        log.append("enter")
        try:
            yield graph
        except BaseException as exc:
            log.append(repr(exc))
            raise
        finally:
            log.append("leave")

    @contextlib.asynccontextmanager
    async def swallow():
        with contextlib.suppress(BaseException):
            yield graph

    def make_manager():
        return manage_async()

    class Maker:
        def __call__(self):
            return graph

        async def make(self):
            return graph

    make_object = Maker()
    make_method = Maker().make
    make_partial = functools.partial(make_from_config)

    def make_variable(config: RunnableConfig):
        off_the_loop = threading.current_thread() is not threading.main_thread()
        log.append((config["configurable"]["variable"].get(), off_the_loop))
        return graph

    def raise_error():
        raise ValueError("factory said no")

    async def raise_error_async():
        raise ValueError("factory said no")

    def raise_stop():
        return next(iter([]))

    def make_number():
        return 3

    @contextlib.contextmanager
    def manage_slowly(config: RunnableConfig):
        events = config["configurable"]
        events["entering"].set()
        events["proceed"].wait(10)
        try:
            yield graph
        finally:
            events["left"].set()

    @contextlib.contextmanager
    def enter_badly(config: RunnableConfig):
        config["configurable"]["entering"].set()
        config["configurable"]["proceed"].wait(10)
        raise ValueError("entering failed")
        yield graph

    number = 3
    def generate():
        yield graph
    unfinished = StateGraph(State)
"""

KINDS = [
    "graph",
    "builder",
    "make",
    "make_async",
    "make_from_config",
    "make_from_runtime",
    "make_from_both",
    "manage",
    "manage_async",
    "make_manager",
    "make_object",
    "make_method",
    "make_partial",
]


@pytest.fixture(autouse=True)
def own_import_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])


def load(folder: Path, *names: str, code: str = GRAPHS, **env: str) -> GraphRegistry:
    """Write the graphs into a project that serves `names`, and load it."""
    (folder / "graphs.py").write_text(dedent(code), encoding="utf-8")
    specs = {name: GraphSpec(name, f"./graphs.py:{name}", f"About {name}.") for name in names}
    return GraphRegistry.load(GraphProject(folder / "langgraph.json", specs, env=env))


def log_of(folder: Path) -> list[Any]:
    """What the project's factories have noted."""
    own = (module for module in list(sys.modules.values()) if getattr(module, "__file__", None))
    module: Any = next(module for module in own if module.__file__ == str(folder / "graphs.py"))
    log: list[Any] = module.log
    return log


def config(**configurable: Any) -> RunnableConfig:
    return {"configurable": configurable}


@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind_of_graph_runs(tmp_path: Path, kind: str) -> None:
    registry = load(tmp_path, kind)
    registry.check(kind)
    async with registry.open(kind, config(seen=[]), access=READ, store=STORE) as graph:
        assert await graph.ainvoke({"n": 1}) == {"n": 2}


@pytest.mark.parametrize("kind", ["graph", "builder"])
async def test_a_graph_that_needs_no_factory_is_prepared_once(tmp_path: Path, kind: str) -> None:
    registry = load(tmp_path, kind)
    async with (
        registry.open(kind, {}, access=READ, store=STORE) as first,
        registry.open(kind, {}, access=READ, store=STORE) as second,
    ):
        assert first is second


async def test_a_factory_is_called_for_each_use_and_not_before(tmp_path: Path) -> None:
    registry = load(tmp_path, "make")
    assert log_of(tmp_path) == []
    for _ in range(2):
        async with registry.open("make", {}, access=READ, store=STORE):
            pass
    assert log_of(tmp_path) == ["call", "call"]


async def test_a_factory_gets_the_very_config(tmp_path: Path) -> None:
    asked = config(seen=[])
    async with load(tmp_path, "make_from_config").open("make_from_config", asked, access=READ, store=STORE):
        assert asked["configurable"]["seen"][0] is asked


async def test_a_runtime_of_a_run_holds_its_context(tmp_path: Path) -> None:
    store, access = InMemoryStore(), Access("threads.create_run", context={"user": "me"})
    async with load(tmp_path, "make_from_runtime").open("make_from_runtime", {}, access=access, store=store):
        (runtime,) = log_of(tmp_path)
    assert runtime.access_context == "threads.create_run"
    assert runtime.store is store
    assert runtime.execution_runtime.context == {"user": "me"}


@pytest.mark.parametrize("reason", ["threads.read", "threads.update", "assistants.read"])
async def test_a_runtime_of_anything_else_is_not_for_execution(tmp_path: Path, reason: Any) -> None:
    registry = load(tmp_path, "make_from_both")
    async with registry.open("make_from_both", {}, access=Access(reason, context=1), store=STORE):
        runtime, seen_config = log_of(tmp_path)
    assert (runtime.access_context, runtime.execution_runtime, runtime.user) == (reason, None, None)
    assert seen_config == {}


async def test_a_blocking_factory_runs_in_a_thread_that_sees_context_variables(tmp_path: Path) -> None:
    variable: ContextVar[str] = ContextVar("variable")
    variable.set("seen")
    registry = load(tmp_path, "make_variable")
    async with registry.open("make_variable", config(variable=variable), access=READ, store=STORE):
        assert log_of(tmp_path) == [("seen", True)]


async def test_a_context_manager_is_left_when_the_use_ends(tmp_path: Path) -> None:
    registry = load(tmp_path, "manage")
    async with registry.open("manage", {}, access=READ, store=STORE):
        assert log_of(tmp_path) == ["enter off the loop: True"]
    assert log_of(tmp_path) == ["enter off the loop: True", "leave"]


async def test_a_context_manager_sees_the_error_of_the_use(tmp_path: Path) -> None:
    registry = load(tmp_path, "manage_async")
    with pytest.raises(KeyError):
        async with registry.open("manage_async", {}, access=READ, store=STORE):
            raise KeyError("lost")
    assert log_of(tmp_path) == ["enter", "KeyError('lost')", "leave"]


@pytest.mark.parametrize("error", [ValueError, asyncio.CancelledError])
async def test_a_context_manager_cannot_swallow_the_error(tmp_path: Path, error: type[BaseException]) -> None:
    registry, raised = load(tmp_path, "swallow"), error()
    with pytest.raises(error) as caught:
        async with registry.open("swallow", {}, access=READ, store=STORE):
            raise raised
    assert caught.value is raised


async def test_a_context_manager_entered_while_its_run_is_cancelled_is_left_again(tmp_path: Path) -> None:
    events = {name: threading.Event() for name in ("entering", "proceed", "left")}
    opened = load(tmp_path, "manage_slowly").open("manage_slowly", config(**events), access=READ, store=STORE)
    use = asyncio.ensure_future(opened.__aenter__())
    assert await asyncio.to_thread(events["entering"].wait, 10)
    use.cancel()
    events["proceed"].set()
    with pytest.raises(asyncio.CancelledError):
        await use
    assert events["left"].is_set()


async def test_the_error_of_entering_does_not_hide_a_cancellation(tmp_path: Path) -> None:
    events = {"entering": threading.Event(), "proceed": threading.Event()}
    opened = load(tmp_path, "enter_badly").open("enter_badly", config(**events), access=READ, store=STORE)
    use = asyncio.ensure_future(opened.__aenter__())
    assert await asyncio.to_thread(events["entering"].wait, 10)
    use.cancel()
    events["proceed"].set()
    with pytest.raises(asyncio.CancelledError):
        await use


@pytest.mark.parametrize("name", ["raise_error", "raise_error_async"])
async def test_what_a_factory_raises_comes_out_unchanged(tmp_path: Path, name: str) -> None:
    registry = load(tmp_path, name)
    with pytest.raises(ValueError, match=r"^factory said no$"):
        async with registry.open(name, {}, access=READ, store=STORE):
            pass


async def test_a_factory_that_raises_stop_iteration_ends(tmp_path: Path) -> None:
    registry = load(tmp_path, "raise_stop")
    with pytest.raises(RuntimeError, match="StopIteration"):
        async with registry.open("raise_stop", {}, access=READ, store=STORE):
            pass


async def test_a_factory_that_makes_no_graph_is_named(tmp_path: Path) -> None:
    registry = load(tmp_path, "make_number")
    with pytest.raises(TypeError, match="factory of graph 'make_number' made neither a graph nor a builder: int"):
        async with registry.open("make_number", {}, access=READ, store=STORE):
            pass


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("number", "it is of type int, and only a compiled graph"),
        ("State", "State is a class"),
        ("generate", "it yields: decorate it with contextlib.asynccontextmanager"),
        ("unfinished", "compiling it failed: ValueError: "),
        ("missing", "./graphs.py has no 'missing'"),
    ],
)
async def test_what_cannot_be_served_is_broken_and_the_others_work(tmp_path: Path, name: str, reason: str) -> None:
    registry = load(tmp_path, name, "graph")
    assert list(registry.broken) == [name]
    assert registry.broken[name].startswith(reason)
    with pytest.raises(GraphUnavailable, match=f"Graph '{name}' could not be loaded: "):
        registry.check(name)
    with pytest.raises(GraphUnavailable):
        registry.open(name, {}, access=READ, store=STORE)
    registry.check("graph")
    async with registry.open("graph", {}, access=READ, store=STORE) as graph:
        assert await graph.ainvoke({"n": 1}) == {"n": 2}


def test_a_graph_that_is_not_configured_is_not_found(tmp_path: Path) -> None:
    registry = load(tmp_path, "graph", "builder")
    for refused in (registry.check, lambda name: registry.open(name, {}, access=READ, store=STORE)):
        with pytest.raises(NotFound) as caught:
            refused("nope")
        assert str(caught.value) == "Graph 'nope' not found. Expected one of: ['builder', 'graph']"


def test_a_registry_lists_its_graphs_in_order_with_their_descriptions(tmp_path: Path) -> None:
    registry = load(tmp_path, "make", "missing", "graph")
    assert registry.graph_ids == ("make", "missing", "graph")
    assert "missing" in registry
    assert "nope" not in registry
    assert registry.description("make") == "About make."
    assert registry.specs["graph"].target == "./graphs.py:graph"


@pytest.mark.parametrize(("kind", "name"), [("graph", "graph"), ("make", "make"), ("named", "Named")])
async def test_a_graph_without_a_name_of_its_own_is_called_by_its_id(tmp_path: Path, kind: str, name: str) -> None:
    async with load(tmp_path, kind).open(kind, {}, access=READ, store=STORE) as graph:
        assert graph.name == name


async def test_two_registries_with_files_of_the_same_name_work_side_by_side(tmp_path: Path) -> None:
    registries = []
    for place, step in (("one", "1"), ("two", "2")):
        (tmp_path / place).mkdir()
        registries.append(load(tmp_path / place, "graph", code=GRAPHS.replace("+ 1", f"+ {step}")))
    results = []
    for registry in registries:
        async with registry.open("graph", {}, access=READ, store=STORE) as graph:
            results.append(await graph.ainvoke({"n": 0}))
    assert results == [{"n": 1}, {"n": 2}]


def test_the_projects_environment_is_there_at_import_and_overrides_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNLINE_TEST_SET", "by the operator")
    monkeypatch.setenv("RUNLINE_TEST_UNSET", "")
    monkeypatch.delenv("RUNLINE_TEST_UNSET")
    code = """
        import os
        assert os.environ["RUNLINE_TEST_SET"] == "by the operator"
        assert os.environ["RUNLINE_TEST_UNSET"] == "by the project"
        make = lambda: None
    """
    registry = load(tmp_path, "make", code=code, RUNLINE_TEST_SET="by the project", RUNLINE_TEST_UNSET="by the project")
    assert registry.broken == {}
    assert os.environ["RUNLINE_TEST_SET"] == "by the operator"
