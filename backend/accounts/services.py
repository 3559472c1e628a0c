"""What people do with their accounts. Bad input raises `ValidationError` that names the fields."""

import secrets
from collections.abc import Collection
from datetime import datetime
from typing import IO, NamedTuple

from django.contrib.admin.models import LogEntry
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import update_last_login
from django.contrib.auth.password_validation import validate_password
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.utils import timezone

from backend import images, storage
from backend.accounts import tokens
from backend.accounts.models import DELETED_NAME, EMAIL_TAKEN, User

AVATAR_SIDE = 256  # pixels


class Session(NamedTuple):
    """A log-in: the token is shown once."""

    user: User
    token: str
    expiry: datetime | None


def register(*, email: str, name: str, password: str) -> Session:
    user = User(email=email.strip(), name=name.strip())
    problems: dict[str, list[ValidationError]] = {}
    try:
        user.full_clean(exclude=["password"])
    except ValidationError as error:
        problems |= error.error_dict
    try:
        validate_password(password, user)
    except ValidationError as error:
        problems["password"] = error.error_list
    if problems:
        raise ValidationError(problems)
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
            return Session(user, *tokens.create_token(user=user))
    except IntegrityError as error:  # the same email registered since the check above
        raise ValidationError({"email": EMAIL_TAKEN}) from error


def log_in(*, email: str, password: str) -> Session | None:
    """None for a wrong email, a wrong password and an inactive account: nobody learns which, not by time either."""
    user = User.objects.filter(email=User.objects.normalize_email(email)).first()
    if user is None:
        make_password(password)
        return None
    if not user.check_password(password) or not user.is_active:
        return None
    update_last_login(User, user)
    return Session(user, *tokens.create_token(user=user))


def log_out(*, digest: str) -> None:
    tokens.revoke(digest=digest)


def log_out_everywhere(*, user_id: int) -> None:
    tokens.revoke_all(user_id=user_id)


@transaction.atomic
def mark_seen(*, user_ids: Collection[int]) -> None:
    """These people were here until now; of deleted accounts nothing is kept."""
    # Locked in the order of their ids, so that two workers never deadlock.
    people = User.objects.filter(pk__in=user_ids, deleted_at=None).order_by("pk").select_for_update(no_key=True)
    locked = list(people.values_list("pk", flat=True))
    User.objects.filter(pk__in=locked).update(last_seen_at=timezone.now())


@transaction.atomic
def update_profile(*, user_id: int, name: str | None = None) -> User:
    """None leaves a value as it is."""
    user = _hold(user_id)
    if name is not None:
        user.name = name.strip()
        user.full_clean(exclude=["password"], validate_unique=False)
        user.save(update_fields=["name"])
    return user


def set_avatar(*, user_id: int, file: IO[bytes]) -> User:
    """Stores a square thumbnail of the picture; the file itself is not kept."""
    try:
        picture = images.encode(images.square(images.open_image(file), AVATAR_SIDE))
    except ValidationError as error:
        if error.code == storage.TOO_LARGE:
            raise
        raise ValidationError({"avatar": error}) from error
    return _replace_avatar(user_id, picture)


def remove_avatar(*, user_id: int) -> User:
    return _replace_avatar(user_id, None)


def forget(*, user_id: int) -> None:
    """Empty an account: no way in, nothing that says whose it was. The row stays, others refer to it."""
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=user_id)
        storage.delete_after_commit([user.avatar.name or ""])
        user.email = f"deleted-{secrets.token_hex(16)}@deleted.invalid"
        user.name = DELETED_NAME
        user.avatar = ""
        user.is_active = user.is_staff = user.is_superuser = False
        user.last_login = user.last_seen_at = None
        user.deleted_at = timezone.now()
        user.set_unusable_password()
        user.save()
        user.groups.clear()
        user.user_permissions.clear()
        tokens.revoke_all(user_id=user_id)
        # What the admin wrote about the person named them by their email.
        entries = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(User), object_id=str(user_id))
        entries.update(object_repr=DELETED_NAME)


def _hold(user_id: int) -> User:
    """An account that has not ended, until commit; not kept from others who write what only refers to it."""
    user = User.objects.select_for_update(no_key=True).filter(pk=user_id, deleted_at=None).first()
    if user is None:
        raise ValidationError("This account has ended.")
    return user


def _replace_avatar(user_id: int, picture: bytes | None) -> User:
    with transaction.atomic():
        user = _hold(user_id)
        old = user.avatar.name or ""
        user.avatar = ContentFile(picture, name="avatar.webp") if picture else ""
        user.save(update_fields=["avatar"])
        storage.delete_after_commit([old])
    return user
