"""Transports for the scheme `faulty`: the stack of `https`, in a time of its own, sent where a case says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, evolve, field, frozen

from cursorkit_transports import Authorized, Https, Policy, Retrying

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from google.oauth2.credentials import Credentials

    from cursorkit.wire import Endpoint, Request, Response, Transport

NOW = 1_000_000_000
"""The time of day, in seconds since 1970: a Sunday in 2001."""

LARGEST_ANSWER = 64 * 1024


@frozen
class Way:
    """Where an attempt goes.

    Attributes:
        url: the root of the URL.
        patience: seconds that it waits for whatever it is.
        lasts: seconds that pass meanwhile by the clock of the attempts.
    """

    url: str
    patience: float = 20
    lasts: float = 0


@define
class World:
    """What attempts find: ways to go, and a time that passes only as it is told.

    Attributes:
        ways: that of each attempt, in order, the last one for all that follow.
        before: is told, before each attempt, how many there were.
        credentials: whose token is sent where the request brings none.
        attempts: how many there were.
        seconds: what the clock shows.
    """

    ways: tuple[Way, ...]
    before: Callable[[int], None]
    credentials: Credentials | None = None
    attempts: int = 0
    seconds: float = 0

    def sleep(self, seconds: float) -> None:
        """Let time pass, and come back at once."""
        self.seconds += seconds


WORLDS: dict[str, World] = {}
"""Those that can be reached, by the URL of the endpoint."""


def open_endpoint(endpoint: Endpoint) -> Transport:
    """What cursorkit opens for `faulty:NAME`."""
    world = WORLDS[endpoint.url]
    return Retrying(
        _Ways(endpoint, world),
        Policy(budget=endpoint.retry_for),
        tell=endpoint.tell,
        clock=lambda: world.seconds,
        now=lambda: NOW,
        sleep=world.sleep,
        chance=lambda: 0.5,
    )


@define
class _Ways:
    """Sends each attempt its way."""

    endpoint: Endpoint
    world: World
    _opened: dict[float, Transport] = field(factory=dict, init=False)

    def send(self, request: Request) -> Response:
        world = self.world
        way = world.ways[min(world.attempts, len(world.ways) - 1)]
        world.before(world.attempts)
        world.attempts += 1
        world.seconds += way.lasts
        if way.patience not in self._opened:
            self._opened[way.patience] = self._stack(way.patience)
        return self._opened[way.patience].send(
            evolve(request, url=way.url + request.url.removeprefix(self.endpoint.url))
        )

    def _stack(self, patience: float) -> Transport:
        https = Https(
            ca_bundle=self.endpoint.ca_bundle,
            connect_timeout=patience,
            stall_timeout=patience,
            read_timeout=patience,
            answer_timeout=patience,
            largest_answer=LARGEST_ANSWER,
        )
        return Authorized(https, self.world.credentials)

    def close(self) -> None:
        for transport in self._opened.values():
            transport.close()


def install(folder: Path) -> None:
    """Make `folder` a place where packages are found, with one in it that names the opener."""
    metadata = folder / "faulty_transport-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: faulty-transport\nVersion: 1\n")
    opener = f"{__name__}:{open_endpoint.__name__}"
    (metadata / "entry_points.txt").write_text(f"[cursorkit.transports]\nfaulty = {opener}\n")
