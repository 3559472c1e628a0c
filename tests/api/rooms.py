"""People and rooms over REST, for the tests of rooms and messages."""

from dataclasses import dataclass
from typing import Any

import httpx

from backend.accounts import services
from backend.threads import in_db_thread

PASSWORD = "engine-1843"


@dataclass(frozen=True)
class Person:
    """Somebody with a token; every request asserts the status that is expected."""

    rest: httpx.AsyncClient
    id: int
    name: str
    token: str

    async def api(self, method: str, path: str, body: object = None, *, status: int = 200) -> Any:
        headers = {"Authorization": f"Token {self.token}"}
        answer = await self.rest.request(method, f"/api/{path}", json=body, headers=headers)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    async def make_room(self, **details: Any) -> str:
        room = await self.api("POST", "rooms", {"name": "Tea", **details}, status=201)
        return str(room["slug"])


async def register(rest: httpx.AsyncClient, name: str) -> Person:
    session = await in_db_thread(services.register, email=f"{name}@example.org", name=name, password=PASSWORD)
    return Person(rest, session.user.pk, name, session.token)
