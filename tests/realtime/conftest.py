"""A company in a new room of the one-worker server."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.company import Company, Enter
from tests.servers import ChatServer


@pytest.fixture
def company(server: ChatServer) -> Company:
    return Company.gather(server)


@pytest_asyncio.fixture
async def enter(company: Company) -> AsyncIterator[Enter]:
    async with company.doorman() as enter:
        yield enter
