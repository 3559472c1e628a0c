"""The doors that each scenario runs through."""

import pytest

from tests.clients import DOORS, LIVE, Client, LiveClient


@pytest.fixture(params=DOORS, ids=lambda door: door.door)
def door(request: pytest.FixtureRequest) -> type[Client]:
    found: type[Client] = request.param
    return found


@pytest.fixture(params=LIVE, ids=lambda door: door.door)
def live_door(request: pytest.FixtureRequest) -> type[LiveClient]:
    found: type[LiveClient] = request.param
    return found
