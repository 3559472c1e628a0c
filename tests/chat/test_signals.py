"""An account that is switched off or deleted loses its connections."""

from backend.accounts.models import User
from backend.chat.events import AccessEnded, Event


def test_switched_off(ada: User, announced: list[Event]) -> None:
    ada.name = "Countess"
    ada.save()
    assert announced == []
    ada.is_active = False
    ada.save()
    assert announced == [AccessEnded(ada.pk)]


def test_deleted(ada: User, announced: list[Event]) -> None:
    user_id = ada.pk
    ada.delete()
    assert announced == [AccessEnded(user_id)]
