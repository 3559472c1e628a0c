"""Django for the two Python peers: one app with one table, connections that stay open."""

import os

import dj_database_url

SECRET_KEY = "only-for-benchmarks"
USE_TZ = True
INSTALLED_APPS = ["channels", "benchmarks.peers.messages"]
DATABASES = {"default": dj_database_url.parse(os.environ["DATABASE_URL"], conn_max_age=None)}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        # redis-py ends a blocking read after 5 s unless told otherwise.
        "CONFIG": {"hosts": [{"address": os.environ["REDIS_URL"], "socket_timeout": None}]},
    }
}
