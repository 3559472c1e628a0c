"""The admin's forms: a user is made with an email, a name and a password typed twice."""

from typing import ClassVar

from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm

from backend.accounts.models import User


class NewUserForm(AdminUserCreationForm):  # type: ignore[type-arg]  # no type argument at run time
    class Meta:
        model = User
        fields = ("email", "name")
        field_classes: ClassVar[dict[str, type]] = {}


class UserForm(UserChangeForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = "__all__"
        field_classes: ClassVar[dict[str, type]] = {}
