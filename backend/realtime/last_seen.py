"""When people were last here: written down in batches, after their last connection to this worker."""

import asyncio
import logging
from collections.abc import Iterable
from itertools import islice

from backend.accounts.services import mark_seen
from backend.threads import always_in_db_thread

logger = logging.getLogger(__name__)

EVERY = 1.0  # seconds between two writes
AT_ONCE = 500  # people


class LastSeen:
    def __init__(self) -> None:
        self._gone: set[int] = set()

    def gone(self, user_ids: Iterable[int]) -> None:
        self._gone.update(user_ids)

    async def run(self) -> None:
        """Write who went, for ever."""
        while True:
            await asyncio.sleep(EVERY)
            await self.write()

    async def write(self) -> None:
        """Write all that waits; what fails waits for the next time."""
        try:
            while batch := list(islice(self._gone, AT_ONCE)):
                self._gone.difference_update(batch)
                try:
                    await always_in_db_thread(mark_seen, user_ids=batch)
                except BaseException:
                    self._gone.update(batch)
                    raise
        except Exception as error:
            logger.warning("Could not write down when %d people were last here: %s", len(self._gone), error)
