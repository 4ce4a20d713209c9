"""Measures cases in rounds: in each, every contender takes its turn, so that noise meets all alike."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from bench.aegra import aegra_python
from bench.alone import Alone, alone
from bench.case import Case, Form
from bench.launching import StartError
from bench.names import AEGRA, ALONE, OFFICIAL, Figures
from bench.results import Results
from bench.servers import Server, Start, official_command, serving


class Field:
    """The contenders: each is started when it is first needed, and again after it failed.

    `shared`: the gateway is on PostgreSQL and Redis, and Aegra takes part if it is installed.
    """

    def __init__(self, *, official: bool, shared: bool = False) -> None:
        self._shared = shared
        there = {OFFICIAL: official and official_command(), AEGRA: shared and aegra_python()}
        self._absent = {name for name, is_there in there.items() if not is_there}
        self._stacks: dict[str, AsyncExitStack] = {}
        self._servers: dict[str, Server] = {}
        self._alone: Alone | None = None
        self._jobs = Case.official_jobs

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None
    ) -> None:
        for name in list(self._stacks):
            await self.drop(name)

    def takes_part(self, name: str) -> bool:
        """Whether there is such a contender here, and it could be started if that was tried."""
        return name not in self._absent

    async def measure(self, case: Case, name: str, form: Form) -> Figures:
        """One turn. Whatever it raises has put its contender out of order: `drop` it."""
        if name == ALONE and case.alone:
            turn = case.alone(await self._local(), form)
        else:
            turn = case.served(await self._server(name, case.official_jobs), form)
        async with asyncio.timeout(case.seconds):
            return await turn

    async def drop(self, name: str) -> None:
        """End a contender."""
        self._servers.pop(name, None)
        if name == ALONE:
            self._alone = None
        if stack := self._stacks.pop(name, None):
            await stack.aclose()

    async def _server(self, name: str, jobs: int) -> Server:
        if name == OFFICIAL and jobs != self._jobs:
            await self.drop(name)
            self._jobs = jobs
        if name not in self._servers:
            stack = self._stacks[name] = AsyncExitStack()
            try:
                self._servers[name] = stack.enter_context(serving(name, Start(jobs=jobs, shared=self._shared)))
            except StartError:
                self._absent.add(name)
                raise
        return self._servers[name]

    async def _local(self) -> Alone:
        if self._alone is None:
            stack = self._stacks[ALONE] = AsyncExitStack()
            self._alone = await stack.enter_async_context(alone())
        return self._alone


async def measure_case(case: Case, field: Field, form: Form, pairs: int | None, results: Results) -> None:
    """Measure a case into `results`; a contender that fails takes no further part in it."""
    out: set[str] = set()
    rounds = 1 if form.short else min(pairs or case.pairs, case.pairs)
    for number in range(rounds):
        turns = [name for name in case.contenders(number) if field.takes_part(name)]
        for name in turns if number % 2 == 0 else reversed(turns):
            if name not in out and not await _turn(case, field, form, (name, number), results):
                out.add(name)


async def _turn(case: Case, field: Field, form: Form, turn: tuple[str, int], results: Results) -> bool:
    name, number = turn
    try:
        if number == 0 and not form.short and case.warm_up:
            await field.measure(case, name, Form(short=True))
        results.add(case.name, name, number, await field.measure(case, name, form))
    except Exception as exc:
        results.failures.append((case.name, name, _sentence(exc, case)))
        await field.drop(name)
        return False
    return True


def _sentence(exc: BaseException, case: Case) -> str:
    if isinstance(exc, TimeoutError):
        return f"not done within {case.seconds:g} s"
    if isinstance(exc, BaseExceptionGroup):
        return _sentence(exc.exceptions[0], case)
    return f"{type(exc).__name__}: {exc}"
