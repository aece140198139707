"""A Dask cluster that does the work of a run."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from cursorkit.errors import MissingExtraError
from cursorkit.wire.transport import ConnectError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Executor

_PATIENCE = 10.0
"""Seconds that a scheduler has to answer, at most."""

_TO_A_THREAD = 2
"""Pieces of work for each thread of the cluster, so that none waits until the next one has come."""


@contextmanager
def cluster(address: str, patience: float) -> Iterator[tuple[Executor, int]]:
    """The cluster of the scheduler at `address`, and how many requests it can have at work.

    Args:
        address: `tcp://HOST:PORT`.
        patience: seconds to wait for an answer of it, though never more than ten.

    Raises:
        MissingExtraError: Dask is not installed.
        ConnectError: there is no scheduler, or it has nobody to do the work.
    """
    try:
        from distributed import Client
    except ImportError:
        raise MissingExtraError("dask", "--scheduler") from None
    try:
        client = Client(address, timeout=min(patience, _PATIENCE), set_as_default=False)
    except Exception as error:  # whoever listens there may be anybody, and Dask takes his word for its own
        reason = getattr(error, "strerror", None) or "nobody answers there as a scheduler of Dask does"
        raise ConnectError(f"cannot reach the scheduler at {address}: {reason}") from None
    with client:
        threads = sum(client.nthreads().values())
        if not threads:
            raise ConnectError(f"the scheduler at {address} has no workers")
        yield client.get_executor(pure=False), _TO_A_THREAD * threads
