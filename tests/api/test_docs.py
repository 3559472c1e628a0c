"""The OpenAPI document says all that a client generator needs; the page works without internet."""

import re
from typing import Any

import httpx
import pytest
from django.contrib.staticfiles import finders

pytestmark = pytest.mark.asyncio

Operations = dict[tuple[str, str], dict[str, Any]]


async def read(rest: httpx.AsyncClient) -> tuple[dict[str, Any], Operations]:
    document: dict[str, Any] = (await rest.get("/api/openapi.json")).json()
    operations = {
        (method, path): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    return document, operations


async def test_every_operation_is_described(rest: httpx.AsyncClient) -> None:
    _, operations = await read(rest)
    assert ("post", "/api/auth/register") in operations
    ids = [operation["operationId"] for operation in operations.values()]
    assert len(ids) == len(set(ids))
    for place, operation in operations.items():
        assert operation["summary"], place
        assert operation["tags"], place
        responses = operation["responses"]
        assert [status for status in responses if status < "300"], place
        for status, response in responses.items():
            schemas = {kind: content["schema"] for kind, content in response.get("content", {}).items()}
            if status >= "400":
                assert schemas == {"application/json": {"$ref": "#/components/schemas/ErrorOut"}}, (place, status)
            else:
                assert bool(schemas) == (status not in {"204", "304"}), (place, status)
                assert all(schemas.values()), (place, status)


async def test_every_operation_behind_a_token_says_so(rest: httpx.AsyncClient) -> None:
    document, operations = await read(rest)
    [(name, scheme)] = document["components"]["securitySchemes"].items()
    assert (scheme["type"], scheme["in"], scheme["name"]) == ("apiKey", "header", "Authorization")
    for (method, path), operation in operations.items():
        address = re.sub(r"{\w+}", "1", path)
        answer = await rest.request(method, address)
        assert bool(operation.get("security")) == (answer.status_code == 401), (method, path)
        if "security" in operation:
            assert operation["security"] == [{name: []}]
            assert "401" in operation["responses"]


async def test_page_needs_nothing_from_elsewhere(rest: httpx.AsyncClient) -> None:
    page = (await rest.get("/api/docs")).text
    sources = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert any("swagger-ui-bundle" in source for source in sources)
    for source in sources:
        assert source.startswith("/static/"), source
        assert finders.find(source.removeprefix("/static/")), source
