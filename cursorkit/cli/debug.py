"""`--debug`: what the log tells of the conversation, on standard error."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def debugging(tell: Callable[[str], None]) -> Iterator[None]:
    """Meanwhile, `tell` all that the transports log, and nothing of other libraries: they log secrets."""
    log = logging.getLogger("cursorkit_transports")
    level, listener = log.level, _Listener(tell)
    log.addHandler(listener)
    log.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        log.setLevel(level)
        log.removeHandler(listener)


class _Listener(logging.Handler):
    def __init__(self, tell: Callable[[str], None]) -> None:
        super().__init__()
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        self._tell(record.getMessage())
