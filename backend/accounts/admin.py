"""People in the admin: found by email or name, switched off, given a new password."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from knox.models import AuthToken

from backend.accounts.forms import NewUserForm, UserForm
from backend.accounts.models import User
from backend.accounts.services import remove_avatar

# Knox's own page makes and shows tokens for anybody: with one, staff could speak as somebody else.
if admin.site.is_registered(AuthToken):
    admin.site.unregister(AuthToken)


@admin.register(User)
class UserAdmin(DjangoUserAdmin):  # type: ignore[type-arg]  # no type argument at run time
    form = UserForm
    add_form = NewUserForm
    ordering = ("-date_joined",)
    list_display = ("email", "name", "is_active", "is_staff", "date_joined", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser", "date_joined", "groups")
    search_fields = ("email", "name")
    # Shown, not uploaded: a picture only comes in through the service that makes it harmless.
    readonly_fields = ("picture", "date_joined", "last_login")
    actions = ("remove_avatars",)
    fieldsets = (
        (None, {"fields": ("email", "name", "picture", "password")}),
        ("Rights", {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        ("Dates", {"fields": ("date_joined", "last_login")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "name", "usable_password", "password1", "password2")}),)

    @admin.display(description="avatar")
    def picture(self, user: User) -> str:
        return format_html('<img src="{}" width="64" height="64" alt="">', user.avatar_url) if user.avatar else "-"

    @admin.action(description="Remove the avatars of the selected users")
    def remove_avatars(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user_id in queryset.exclude(avatar="").values_list("pk", flat=True):
            remove_avatar(user_id=user_id)
        self.message_user(request, "Their avatars are gone.")
