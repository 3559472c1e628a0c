"""The end of a session: the token is gone, and so are the sockets that came in with it."""

from backend.accounts import services as accounts
from backend.accounts.tokens import Identity
from backend.chat.events import AccessEnded
from backend.chat.publishing import publish


def log_out(*, identity: Identity) -> None:
    """Ends the token that was used, and its connections."""
    accounts.log_out(digest=identity.digest)
    publish([AccessEnded(user_id=identity.user_id, digest=identity.digest)])


def log_out_everywhere(*, identity: Identity) -> None:
    """Ends every token of the person, and all their connections."""
    accounts.log_out_everywhere(user_id=identity.user_id)
    publish([AccessEnded(user_id=identity.user_id)])
