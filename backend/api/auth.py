"""Who asks: the token in the `Authorization` header."""

from django.http import HttpRequest
from ninja.security import APIKeyHeader

from backend.accounts.tokens import Identity
from backend.chat import batched


class SignedRequest(HttpRequest):
    """A request that passed `token_auth`; `auth` says who sent it."""

    auth: Identity


class TokenAuth(APIKeyHeader):
    # Documented as an API key, because OpenAPI's `http` schemes only know `Bearer` in front of a token.
    param_name = "Authorization"
    openapi_description = "`Token <token>` (or `Bearer <token>`) with the token from `auth/login` or `auth/register`."

    async def authenticate(self, request: HttpRequest, key: str | None) -> Identity | None:
        scheme, _, token = (key or "").partition(" ")
        if scheme.lower() not in {"token", "bearer"} or not token.strip():
            return None
        return await batched.authenticate(token.strip())


token_auth = TokenAuth()
