"""The error tree. Each class writes its own sentence from its ids and carries a status.

Nothing here imports an HTTP library: a door renders an error once, in its protocol's body. An exception
raised by a user's graph is not one of these; it becomes the run's `error` event and status.
"""

from __future__ import annotations


class RunlineError(Exception):
    """Base of every error that Runline raises on purpose; `str(error)` is one sentence for the caller."""

    status = 500


class NotFound(RunlineError):
    """The named thing does not exist, or the viewer may not know that it does."""

    status = 404


class Conflict(RunlineError):
    """The request is sound but the present state forbids it."""

    status = 409


class Invalid(RunlineError):
    """The request cannot be understood or carried out as written."""

    status = 422


class BadRequest(Invalid):
    """Invalid, on the calls where the platform API answers 400 instead of 422."""

    status = 400


class TooMany(RunlineError):
    """A queue is as long as it may be; the same call may be made again later."""

    status = 429


class Unavailable(RunlineError):
    """The gateway cannot serve this now but may soon; the same call may be made again."""

    status = 503


class NotServed(RunlineError):
    """A protocol of the platform that this version does not speak."""

    status = 501

    def __init__(self, protocol: str) -> None:
        super().__init__(f"This version of Runline does not serve {protocol}")


class ConfigError(RunlineError):
    """Start-up only: the sentence names the setting that is wrong and the remedy."""


class Unreadable(RunlineError):
    """Something is stored in a form that cannot be read. It breaks itself alone: lists leave it out."""

    def __init__(self, noun: str, name: object) -> None:
        super().__init__(f"{noun} {name} is stored in a form that cannot be read")


class ThreadNotFound(NotFound):
    """A thread that does not exist for this viewer."""

    def __init__(self, thread_id: object) -> None:
        super().__init__(f"Thread with ID {thread_id} not found")


class CronNotFound(NotFound):
    """A cron that does not exist for this viewer."""

    def __init__(self, cron_id: object) -> None:
        super().__init__(f"Cron '{cron_id}' not found")


class AssistantChanged(Conflict):
    """An assistant that was remembered is another by now, or gone: it is to be read again."""

    def __init__(self, assistant_id: object) -> None:
        super().__init__(f"Assistant {assistant_id} has changed meanwhile")


class TickTaken(Conflict):
    """A cron that was to come due has been fired, changed, disabled or deleted meanwhile."""

    def __init__(self, cron_id: object, due: object) -> None:
        super().__init__(f"Cron '{cron_id}' does not wait for {due} any more")


class RunNotFound(NotFound):
    """A run that does not exist for this viewer."""

    def __init__(self, run_id: object) -> None:
        super().__init__(f"Run {run_id} not found")


class NeverRan(NotFound):
    """A thread that does not exist for this viewer, or on which nothing has run."""

    def __init__(self, thread_id: object) -> None:
        super().__init__(f"Nothing has run on thread {thread_id}")


class InterruptNotFound(NotFound):
    """An answer to what is not asked, or not any more."""

    def __init__(self, interrupt_id: object) -> None:
        super().__init__(f"Unknown or already answered interrupt: {interrupt_id}")


class CheckpointNotFound(NotFound):
    """A checkpoint that the thread does not have."""

    def __init__(self, checkpoint_id: object) -> None:
        super().__init__(f"Checkpoint {checkpoint_id} not found")


class NamespaceNotFound(NotFound):
    """A namespace of a thread in which no graph has run."""

    def __init__(self, namespace: str) -> None:
        super().__init__(f"Namespace '{namespace}' not found")


class ThreadBusy(Conflict):
    """A run was refused because its thread has one already (multitask strategy `reject`)."""

    def __init__(self) -> None:
        super().__init__(
            "Thread is already running a task. Wait for it to finish or choose a different multitask strategy."
        )


class SlotLost(Conflict):
    """A thread was given to others, as its holder did not renew its hold for too long."""

    def __init__(self, thread_id: object) -> None:
        super().__init__(f"Thread {thread_id} was given to others before this was done; ask again")


class NotStreamable(Conflict):
    """A store-only run: it exists, but its events are neither live here nor stored."""

    def __init__(self, run_id: object) -> None:
        super().__init__(f"Run {run_id} is not active on this worker and cannot be streamed")


class NotCancellable(Conflict):
    """A run that has ended already."""

    def __init__(self, run_id: object, status: str) -> None:
        super().__init__(f"Run {run_id} is not cancellable (status: {status})")


class GraphUnavailable(Invalid):
    """A graph that is configured but failed to import; the other graphs work."""

    def __init__(self, graph_id: str, reason: str) -> None:
        super().__init__(f"Graph '{graph_id}' could not be loaded: {reason}")
