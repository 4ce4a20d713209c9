"""What a database is to its stores, and every place where one SQL dialect differs from another in a statement.

How a database is opened and kept stands in sqlite.py and postgres.py.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial, wraps
from hashlib import blake2b
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    Executable,
    Insert,
    String,
    bindparam,
    func,
    literal_column,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from runline.kit.clock import Clock
from runline.kit.json import dumps

T = TypeVar("T")
P = ParamSpec("P")

UNANSWERED = "runline_unanswered"
"""The option of a statement that has no answer."""

Values = Mapping[str, Any] | Sequence[Mapping[str, Any]]
"""The parameters of a statement, or of each time that it is to be executed."""

_TOLD = {UNANSWERED: True}
_TAKE_TURN = select(func.pg_advisory_xact_lock(bindparam("key")))


class Database(ABC):
    """Where stores read and write.

    What is to be done is a plain function of a connection, called in a thread: a whole transaction costs one crossing
    to that thread and back, however many statements it has, and no cancelled caller can cut it in half.

    `clock` is the time that rows are written in: for a database of several processes, its own.
    """

    def __init__(self, clock: Clock, *, writers: int, readers: int) -> None:
        self.clock = clock
        self._writing = ThreadPoolExecutor(writers, "database-writer")
        self._reading = ThreadPoolExecutor(readers, "database-reader")

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Do `work` in a transaction: committed when it returns, rolled back when it raises.

        It may be done again from the start, where others wrote beside it. Raises Unavailable when the database cannot
        be reached, stays locked longer than the busy timeout, or its disk is full.
        """
        return await carried_through(self._writing, partial(self._write, work))

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Do `work`, SELECTs only, each of which sees the newest committed rows. Raises Unavailable."""
        return await carried_through(self._reading, partial(self._read, work))

    @abstractmethod
    def _write(self, work: Callable[[Connection], T]) -> T: ...

    @abstractmethod
    def _read(self, work: Callable[[Connection], T]) -> T: ...

    def close(self) -> None:
        """Let what has begun come to its end."""
        for executor in (self._writing, self._reading):
            executor.shutdown()


async def carried_through(executor: ThreadPoolExecutor, call: Callable[[], T]) -> T:
    """The call's result from a thread. A cancelled caller takes a call back, or waits for its end if it has begun."""
    doing = executor.submit(call)
    done = asyncio.wrap_future(doing)
    done.add_done_callback(_noticed)
    try:
        return await asyncio.shield(done)
    except asyncio.CancelledError:
        if not doing.cancel():
            await asyncio.wait([done])
        raise


def _noticed(done: asyncio.Future[Any]) -> None:
    """Else asyncio complains of a failure whose caller is gone."""
    if not done.cancelled():
        done.exception()


class _Store(Protocol):
    """What has methods that are transactions."""

    _database: Database


S = TypeVar("S", bound=_Store)


def writes(method: Callable[Concatenate[S, Connection, P], T]) -> Callable[Concatenate[S, P], Coroutine[Any, Any, T]]:
    """Make a store's method one transaction; its caller passes no connection, and awaits it. See Database.write."""

    @wraps(method)
    async def in_transaction(store: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await store._database.write(lambda connection: method(store, connection, *args, **kwargs))

    return in_transaction


def reads(method: Callable[Concatenate[S, Connection, P], T]) -> Callable[Concatenate[S, P], Coroutine[Any, Any, T]]:
    """Make a store's method a reading one; its caller passes no connection, and awaits it. See Database.read."""

    @wraps(method)
    async def beside_writers(store: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await store._database.read(lambda connection: method(store, connection, *args, **kwargs))

    return beside_writers


def tell(connection: Connection, statement: Executable, values: Values) -> None:
    """Execute what has no answer that anybody reads; for several values, once for each.

    To PostgreSQL it travels with the transaction's next statement that has one, which raises what it fails of; with
    the commit if there is none. A transaction has at least one, so that it is done again where the connection was lost
    before: of a commit without an answer nobody knows what became of it.
    """
    connection.execute(statement, values, execution_options=_TOLD)


def take_turn(connection: Connection, name: str) -> None:
    """Wait until no other transaction has the turn of what is named so, and keep it until this one ends.

    Whatever decides by what it has read, such as all that changes a thread's queue, takes the thread's turn first, in
    a statement of its own: what PostgreSQL reads in the same statement may be older than the end of the wait. The wait
    is over when the next statement is answered (`tell`), so the time is looked at behind that. Several turns are taken
    in the order of their names. In SQLite a transaction that writes is alone from its beginning.
    """
    if connection.dialect.name == "postgresql":
        digest = blake2b(name.encode(), digest_size=8).digest()
        tell(connection, _TAKE_TURN, {"key": int.from_bytes(digest, signed=True)})


class insert_new(Insert):  # noqa: N801 - it is called like `insert`
    """An INSERT that leaves rows alone whose primary key is there already. It returns nothing.

    Both dialects have their own, of which PostgreSQL's takes 2 MB to import.
    """

    inherit_cache = True


@compiles(insert_new)
def _or_nothing(statement: insert_new, compiler: SQLCompiler, **options: Any) -> str:
    plain: str = compiler.visit_insert(statement, **options)  # type: ignore[no-untyped-call]
    return f"{plain} ON CONFLICT DO NOTHING"


def unindexed(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """The value of a text column that is never NULL, out of reach of the indexes on it.

    SQLite has no statistics on fresh tables, and would take an index on the owner where an id leads to a few rows.
    """
    return func.coalesce(column, literal_column("''"))


def json_contains(column: ColumnElement[Any], pattern: Any) -> ColumnElement[bool]:
    """`column @> pattern`: every key, element and scalar of the pattern is somewhere in the document.

    A function of this name is Python's in SQLite (sqlite.py) and the first migration's in PostgreSQL.
    """
    return func.json_contains(column, dumps(pattern).decode(), type_=Boolean)


class bytewise(FunctionElement[str]):  # noqa: N801 - it is called like a function of SQL
    """A text that compares byte by byte and folds ASCII alone, as it always does in SQLite."""

    name = "bytewise"
    type = String()
    inherit_cache = True


@compiles(bytewise)
def _as_it_is(element: bytewise, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


@compiles(bytewise, "postgresql")
def _in_collation(element: bytewise, compiler: SQLCompiler, **options: Any) -> str:
    # the database's own may be that of a language
    return f'({compiler.process(element.clauses, **options)} COLLATE "C")'
