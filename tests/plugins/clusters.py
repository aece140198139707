"""A cluster on this machine: a scheduler in this process, and workers that are processes of their own."""

from __future__ import annotations

import logging
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from distributed import Client, LocalCluster

WORKERS = 2


@pytest.fixture(scope="session")
def local_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    """The cluster, for whoever starts clients of his own: `.scheduler_address` is where it is."""
    import dask
    from distributed import LocalCluster

    # It tells of every worker that is lost, by lines on standard error; here they are lost on purpose.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    folder: Path = tmp_path_factory.mktemp("dask")
    # Results of a worker that is gone are asked for as long as it takes to connect, before it is believed.
    settings = {"temporary-directory": str(folder), "distributed.comm.timeouts.connect": "2s"}
    with (
        dask.config.set(settings),
        LocalCluster(
            n_workers=WORKERS,
            threads_per_worker=1,
            processes=True,
            # Otherwise it wants a port that may be taken.
            dashboard_address="127.0.0.1:0",
            worker_dashboard_address=None,
        ) as cluster,
    ):
        yield cluster


@pytest.fixture
def cluster(local_cluster: LocalCluster) -> Iterator[Client]:
    """A client of the cluster, all of whose workers are there."""
    from distributed import Client

    with closing(Client(local_cluster)) as client:
        client.wait_for_workers(WORKERS)
        yield client
