"""People and a room to try the domain on, without HTTP and sockets."""

import pytest

from backend.accounts.models import User
from backend.chat.models import ChatRoom, Role
from tests.chat.world import make_person, make_room


@pytest.fixture
def ada(transactional_db: None) -> User:
    return make_person("Ada")


@pytest.fixture
def bob(transactional_db: None) -> User:
    return make_person("Bob")


@pytest.fixture
def cy(transactional_db: None) -> User:
    return make_person("Cy")


@pytest.fixture
def room(ada: User, bob: User) -> ChatRoom:
    """A public room that Ada owns and Bob is a member of; its log has one line."""
    return make_room(ada, members={bob: Role.MEMBER})
