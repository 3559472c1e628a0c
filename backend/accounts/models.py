"""The user: logs in with an email, is shown by a name and an avatar."""

import secrets
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.validators import ProhibitNullCharactersValidator
from django.db import models
from django.utils import timezone

AVATAR_FOLDER = "avatars"
DELETED_NAME = "Deleted user"
EMAIL_TAKEN = "Somebody has this email already."


class UserManager(BaseUserManager["User"]):
    """Creates users; an email is stored in lower case, so that one address is one account."""

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        return (email or "").strip().lower()

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=self.normalize_email(username))

    def create_user(self, email: str, name: str, password: str | None = None, **extra: Any) -> "User":
        user = self.model(email=self.normalize_email(email), name=name, **extra)
        user.set_password(password)
        user.full_clean(exclude=["password"])
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, name: str, password: str | None = None, **extra: Any) -> "User":
        return self.create_user(email, name, password, is_staff=True, is_superuser=True, **extra)


def avatar_path(user: "User", filename: str) -> str:
    """A random name: an avatar's address can't be guessed, and a new one is never served from a cache."""
    return f"{AVATAR_FOLDER}/{secrets.token_hex(16)}.webp"


class User(AbstractBaseUser, PermissionsMixin):
    email = models.EmailField(unique=True, error_messages={"unique": EMAIL_TAKEN})
    name = models.CharField(max_length=80, validators=[ProhibitNullCharactersValidator()])
    avatar = models.ImageField(upload_to=avatar_path, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    date_joined = models.DateTimeField(default=timezone.now, editable=False)
    last_seen_at = models.DateTimeField(null=True, blank=True, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)  # the row stays for the log's sake

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>"

    def clean(self) -> None:
        super().clean()
        self.email = User.objects.normalize_email(self.email)

    @property
    def avatar_url(self) -> str | None:
        """The avatar's path on this server, None without one."""
        return avatar_url(self.avatar.name)


def avatar_url(name: str | None) -> str | None:
    """The path on this server, which fetches it from whatever storage, of an avatar by its stored name."""
    return f"{settings.MEDIA_URL}{name}" if name else None
