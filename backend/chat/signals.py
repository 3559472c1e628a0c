"""What the chat does when an account changes."""

from typing import Any

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from backend.accounts.models import User

from .events import AccessEnded
from .publishing import publish


@receiver(post_save, sender=User)
def end_access_of_inactive(instance: User, **_: Any) -> None:
    """Whoever is deactivated, in the admin or anywhere else, loses their connections too."""
    if not instance.is_active:
        publish([AccessEnded(instance.pk)])


@receiver(post_delete, sender=User)
def end_access_of_deleted(instance: User, **_: Any) -> None:
    """Whoever wrote nothing can be deleted, and loses their connections like the rest."""
    publish([AccessEnded(instance.pk)])
