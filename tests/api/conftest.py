"""The REST API without a server in between: httpx talks ASGI to the same stack that uvicorn runs."""

from collections.abc import AsyncIterator, Iterator
from typing import cast

import httpx
import pytest
import pytest_asyncio
from django.core.asgi import get_asgi_application
from starlette.types import ASGIApp

from backend.api.body_limit import BodyLimit
from backend.chat import limits

ADDRESS = "192.0.2.7"


@pytest_asyncio.fixture
async def rest(transactional_db: None) -> AsyncIterator[httpx.AsyncClient]:
    app = BodyLimit(cast(ASGIApp, get_asgi_application()))
    transport = httpx.ASGITransport(app, client=(ADDRESS, 4321))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client


@pytest.fixture
def fresh_limits() -> Iterator[None]:
    """Rate limits that count from zero."""
    limits._counts.cache_clear()
    yield
    limits._counts.cache_clear()
