"""Addresses that Django answers; asgi.py adds the sockets, the static files and the demo."""

from django.contrib import admin
from django.urls import path, re_path

from backend.api import health
from backend.api.api import api, unknown_path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/", unknown_path),
    path("api/", api.urls),
    re_path(r"^api(?:/|$)", unknown_path),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
]
