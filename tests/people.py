"""People who use a server over its public REST interface."""

import secrets
from dataclasses import dataclass, field, replace
from typing import Any, Self

import httpx

from tests.servers import ChatServer

PASSWORD = "correct-horse-battery"


@dataclass(frozen=True)
class Person:
    """Someone with an account and a token; `name` is what others see."""

    server: ChatServer = field(repr=False)
    id: int
    name: str
    email: str
    token: str

    @classmethod
    def register(cls, server: ChatServer, name: str) -> Self:
        """Sign up under an address that nobody else has."""
        email = f"{secrets.token_hex(8)}@example.com"
        answer = server.http.post("/api/auth/register", json={"email": email, "name": name, "password": PASSWORD})
        assert answer.status_code == httpx.codes.CREATED, answer.text
        body = answer.json()
        return cls(server=server, id=body["user"]["id"], name=name, email=email, token=body["token"])

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Token {self.token}"}

    def at(self, server: ChatServer) -> Self:
        """The same person, talking to another worker."""
        return replace(self, server=server)

    def api(self, method: str, path: str, **request: Any) -> httpx.Response:
        """One request below /api, such as `api("POST", "rooms", json={"name": "Tea"})`."""
        return self.server.http.request(method, f"/api/{path}", headers=self.headers, **request)

    def log_in(self) -> Self:
        """The same person with one more token."""
        answer = self.server.http.post("/api/auth/login", json={"email": self.email, "password": PASSWORD})
        assert answer.status_code == httpx.codes.OK, answer.text
        return replace(self, token=answer.json()["token"])

    def make_room(self, name: str, **details: Any) -> str:
        """Create a room and return its slug."""
        answer = self.api("POST", "rooms", json={"name": name, **details})
        assert answer.status_code == httpx.codes.CREATED, answer.text
        return str(answer.json()["slug"])
