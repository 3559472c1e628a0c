"""Three workers with PostgreSQL and Redis for all of these tests; whatever a test broke is whole again for the next."""

from collections.abc import Iterator

import pytest

from tests.servers import Cluster, cluster


@pytest.fixture(scope="package")
def three_workers() -> Iterator[Cluster]:
    with cluster(workers=3) as three:
        yield three


@pytest.fixture
def chat(three_workers: Cluster) -> Iterator[Cluster]:
    """The cluster, everything in it running; a fault of the workers' own shows as a traceback in their logs."""
    for server in (three_workers.postgres, three_workers.redis, *three_workers.workers):
        if server.process is None:
            server.start()
        server.resume()
    before = [len(worker.log.read_text()) for worker in three_workers.workers]
    yield three_workers
    for worker, start in zip(three_workers.workers, before, strict=True):
        log = worker.log.read_text()[start:]
        assert "Traceback" not in log, log[-10_000:]
