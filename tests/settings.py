"""backend.settings with a test's environment: for tests inside pytest, and for the real servers that tests start."""

import os

os.environ.setdefault("SECRET_KEY", "only-for-tests-but-as-long-as-a-real-one-has-to-be")
os.environ.setdefault("DATABASE_URL", "sqlite://:memory:")
os.environ.setdefault("RATE_MESSAGES", "100000/second")
os.environ.setdefault("RATE_ROOMS", "100000/second")
os.environ.setdefault("RATE_LOGIN", "100000/minute")
os.environ.setdefault("RATE_CONNECT", "100000/minute")
os.environ.setdefault("RATE_UPLOADS", "100000/minute")
os.environ.setdefault("RATE_EXPORTS", "100000/minute")
os.environ.setdefault("RATE_SEARCH", "100000/minute")

from backend.settings import *  # noqa: F403

# The real hasher takes a third of a second by design; tests sign up hundreds of people.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
