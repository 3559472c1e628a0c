"""Who is here: reads about people."""

from collections.abc import Collection

from backend.accounts.models import User

SEARCH_LIMIT = 20


def get_user(*, user_id: int) -> User:
    """The person of a token that was just checked."""
    return User.objects.get(pk=user_id)


def find_user(*, user_id: int) -> User | None:
    """An active person, None for everybody else."""
    return User.objects.filter(pk=user_id, is_active=True).first()


def hold_active(user_ids: Collection[int]) -> dict[int, User]:
    """The active people among these, held until commit: none of their accounts ends meanwhile."""
    # Locked in the order of their ids, so that two workers never deadlock.
    people = User.objects.filter(pk__in=user_ids, is_active=True).order_by("pk").select_for_update(no_key=True)
    return {person.pk: person for person in people}


def active_among(user_ids: Collection[int]) -> set[int]:
    """Which of these are active people."""
    return set(User.objects.filter(pk__in=user_ids, is_active=True).values_list("pk", flat=True))


def search_users(*, text: str) -> list[User]:
    """Active people whose name holds the text, by name; the first of them without a text. Never by email."""
    people = User.objects.filter(is_active=True, name__icontains=text)
    return list(people.order_by("name", "pk")[:SEARCH_LIMIT])
