"""All settings, read from the environment in this one place; docs/settings.md explains each."""

import hashlib
import json
import os
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import dj_database_url
import limits
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent


def env(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def env_list(name: str) -> list[str]:
    return [item.strip() for item in env(name).split(",") if item.strip()]


def env_int(name: str, default: int, *, least: int = 1) -> int:
    try:
        value = int(env(name, str(default)))
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be a whole number.") from error
    if value < least:
        raise ImproperlyConfigured(f"{name} must be at least {least}.")
    return value


def env_rate(name: str, default: str) -> str:
    rate = env(name, default)
    try:
        [_] = limits.parse_many(rate)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be a rate such as {default}, not {rate!r}.") from error
    return rate


def env_backend(name: str, default: str) -> dict[str, Any]:
    """`path.of.Class?option=value&other=7` -> what Django's STORAGES takes; values are JSON, or else plain text."""
    path, _, query = env(name, default).partition("?")
    options: dict[str, Any] = {}
    for key, text in parse_qsl(query, keep_blank_values=True):
        try:
            options[key] = json.loads(text)
        except ValueError:
            options[key] = text
    return {"BACKEND": path, "OPTIONS": options}


# Server
DEBUG = env("DEBUG").lower() in {"1", "true", "yes", "on"}
SECRET_KEY = env("SECRET_KEY")
if not SECRET_KEY:
    if not DEBUG:
        raise ImproperlyConfigured("Set SECRET_KEY to a long random text (or DEBUG=1 to develop).")
    key_file = BASE_DIR / "var" / "debug-secret-key"
    if not key_file.exists():
        key_file.parent.mkdir(exist_ok=True)
        key_file.write_text(secrets.token_urlsafe(50))
    SECRET_KEY = key_file.read_text()
HOST = env("HOST", "127.0.0.1")
PORT = env_int("PORT", 8000, least=0)
WORKERS = env_int("WORKERS", 1)
TRUSTED_PROXIES = env_list("TRUSTED_PROXIES")
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS") or ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_ORIGINS = env_list("ALLOWED_ORIGINS")
CSRF_TRUSTED_ORIGINS = [origin for origin in ALLOWED_ORIGINS if origin != "*"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env("SECURE_COOKIES").lower() in {"1", "true", "yes", "on"}

# Redis: several workers, presence and limits across them. Without it: one worker, all in process.
REDIS_URL = env("REDIS_URL")
if WORKERS > 1 and not REDIS_URL:
    raise ImproperlyConfigured("WORKERS above 1 need REDIS_URL: without it workers can't hear each other.")
# Names what is ours in a Redis that others use too; the same on all workers of a deployment.
REDIS_PREFIX = "chat-" + hashlib.sha256(f"{SECRET_KEY} {urlsplit(REDIS_URL).path}".encode()).hexdigest()[:12]
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        # redis-py ends a blocking read after 5 s unless told otherwise.
        "CONFIG": {
            "hosts": [{"address": REDIS_URL, "socket_timeout": None, "socket_connect_timeout": 2}],
            "prefix": REDIS_PREFIX,
        },
    }
    if REDIS_URL
    else {"BACKEND": "channels.layers.InMemoryChannelLayer"}
}

# Database
DB_THREADS = env_int("DB_THREADS", 8)
DATABASES = {"default": dj_database_url.parse(env("DATABASE_URL", f"sqlite:///{BASE_DIR}/var/chat.sqlite3"))}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    Path(str(DATABASES["default"]["NAME"])).parent.mkdir(parents=True, exist_ok=True)
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 3)  # seconds
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Django
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "ninja",  # serves the API documentation's assets from here instead of a CDN
    "knox",
    "channels",
    "backend.accounts",
    "backend.chat",
]
MIDDLEWARE = [
    "backend.api.errors.json_errors",  # outermost: sees what all the others refuse
    "backend.middlewares.essentials",
    "backend.middlewares.few_in_the_admin",
    "backend.middlewares.AdminSession",
    "backend.middlewares.AdminCommon",
    "backend.middlewares.AdminCsrf",
    "backend.middlewares.AdminAuthentication",
    "backend.middlewares.AdminMessages",
]
ROOT_URLCONF = "backend.urls"
ASGI_APPLICATION = "backend.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
APPEND_SLASH = True

# Accounts
AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
TOKEN_TTL_HOURS = env_int("TOKEN_TTL_HOURS", 24 * 30)
REST_KNOX = {"TOKEN_TTL": timedelta(hours=TOKEN_TTL_HOURS)}

# Messages
EDIT_WINDOW_MINUTES = env_int("EDIT_WINDOW_MINUTES", 24 * 60, least=0)
READ_RECEIPTS = env_int("READ_RECEIPTS", 100, least=0)
PRESENCE_NAMED = env_int("PRESENCE_NAMED", 100, least=0)

# Limits, in the notation of the `limits` library
RATE_MESSAGES = env_rate("RATE_MESSAGES", "20/second")
RATE_ROOMS = env_rate("RATE_ROOMS", "100/second")  # whoever opens a room may bring many in
RATE_LOGIN = env_rate("RATE_LOGIN", "20/minute")
RATE_CONNECT = env_rate("RATE_CONNECT", "3000/minute")
RATE_UPLOADS = env_rate("RATE_UPLOADS", "60/minute")
RATE_EXPORTS = env_rate("RATE_EXPORTS", "5/hour")
RATE_SEARCH = env_rate("RATE_SEARCH", "60/minute")

# Files
MEDIA_ROOT = Path(env("MEDIA_ROOT", str(BASE_DIR / "var" / "media")))
MEDIA_URL = "/media/"
STORAGES = {
    "default": env_backend("STORAGE", "django.core.files.storage.FileSystemStorage"),
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
ACCEL_PREFIX = env("ACCEL_PREFIX")
if ACCEL_PREFIX and env("STORAGE"):
    raise ImproperlyConfigured("ACCEL_PREFIX is for files in MEDIA_ROOT: it does not go with STORAGE.")
MAX_UPLOAD_MB = env_int("MAX_UPLOAD_MB", 10)
# Endings of names; none given: all that backend/chat/media.py knows.
ATTACHMENT_TYPES = [ending.lower().removeprefix(".") for ending in env_list("ATTACHMENT_TYPES")]
MAX_IMAGE_PIXELS = env_int("MAX_IMAGE_PIXELS", 25_000_000)
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024

# The one door from the domain to the sockets (backend/chat/publishing.py).
CHAT_PUBLISHER = "backend.realtime.publisher.publish"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    # Refused requests are no news: they are in the access log, and clients get the reason.
    "loggers": {
        "django.request": {"level": "ERROR"},
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        "backend.websocket": {"level": "INFO" if DEBUG else "WARNING"},
    },
    "root": {"handlers": ["stderr"], "level": env("LOG_LEVEL", "INFO").upper()},
}
