"""Whether it makes sense to send more, as the requests of a run find it."""

from __future__ import annotations

from attrs import define, evolve, field

from cursorkit.dicom.endings import About, Ending
from cursorkit.dicom.results import State

_ENOUGH = 3
"""Instances of which each was sent alone and met with no word, one after the other, until a run is given up:
one file that breaks a server is no reason, nor is a second one that happens to come next."""

_CLOSED = Ending(State.LATER, "the run was ended", "run this again", About.SERVER)


@define
class Outlook:
    """What the requests of a run have learned of its server; its threads share it.

    Every request is repeated for as long as there is patience for it. When that has not helped, others may
    fare better or not, and this is the rule:

    - What no request can be the cause of ends the run at once: nobody answers the call, or cannot prove who
      it is; there are no credentials; a server asks to come back later than there is patience; a folder is
      full.
    - Any other end without a word about the instances, such as a 500, a 503 or a 403, a connection that
      breaks, or silence, may come of a single file that the server, or something before it, does not bear.
      Then each instance is sent alone. One that meets with a word shows that the server is there. Where there
      was none for three different ones, and for nobody else meanwhile, it is the server.

    Attributes:
        hopeless: the end that any other request would have, too; None while there is hope.
    """

    hopeless: Ending | None = field(default=None, init=False)
    _unheard: set[str] = field(factory=set, init=False)

    def heard(self) -> None:
        """The server said something of an instance, good or bad."""
        self._unheard.clear()

    def unheard(self, name: str, ending: Ending) -> None:
        """The file of this name was sent alone, and met with no word."""
        self._unheard.add(name)
        if len(self._unheard) >= _ENOUGH:
            self.stop(ending)

    def stop(self, ending: Ending) -> None:
        """Any other request would end like that."""
        if self.hopeless is None:
            sent = ending.state in {State.UNKNOWN, State.UNREADABLE}
            state = State.LATER if sent else ending.state
            self.hopeless = evolve(ending, state=state, reason=f"it was not tried any more: {ending.reason}")

    def close(self) -> None:
        """Nothing more is wanted."""
        self.stop(_CLOSED)
