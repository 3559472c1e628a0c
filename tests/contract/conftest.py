"""The doors that each scenario runs through."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.clients import DOORS, LIVE, Client, LiveClient
from tests.company import Company, Enter
from tests.servers import ChatServer


@pytest.fixture
def company(server: ChatServer) -> Company:
    return Company.gather(server)


@pytest_asyncio.fixture
async def enter(company: Company) -> AsyncIterator[Enter]:
    async with company.doorman() as enter:
        yield enter


@pytest.fixture(params=DOORS, ids=lambda door: door.door)
def door(request: pytest.FixtureRequest) -> type[Client]:
    found: type[Client] = request.param
    return found


@pytest.fixture(params=LIVE, ids=lambda door: door.door)
def live_door(request: pytest.FixtureRequest) -> type[LiveClient]:
    found: type[LiveClient] = request.param
    return found
