"""HTTP by urllib3."""

from __future__ import annotations

from cursorkit.testing.contracts import HttpTransportContract
from cursorkit_transports import Https


class TestPlain(HttpTransportContract):
    largest_answer = 2 * 1024 * 1024

    def transport(self) -> Https:
        return Https(largest_answer=self.largest_answer, connect_timeout=5, read_timeout=5)
