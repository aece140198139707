"""What happens when somebody asks the process to end, at whatever moment."""

from __future__ import annotations

import atexit
import os
import signal

TYPE_CHECKING = False  # that of `typing` would have to be imported before signals are heeded
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

_WORDS = {signal.SIGHUP: "hung up", signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}


def heed(tell: Callable[[str], None]) -> None:
    """From now on, clean up and `tell` in a word what happened, and only then die of a signal.

    Nothing is raised, because an exception that comes up anywhere may be swallowed there, or leave the work
    of a `finally` undone. What must not outlive the process is known to its exit functions instead, by way of
    `weakref.finalize`, and may be cleaned up at any moment. Then the process dies of the signal itself: where
    a program leaves with a code of its own after Ctrl-C, a shell goes on with its script.

    Signals that are ignored already stay so: `nohup` asks for it, and shells do for what runs in the
    background.
    """

    def end(number: int, _frame: FrameType | None) -> None:
        heed_no_more()
        atexit._run_exitfuncs()  # noqa: SLF001 - there is no public way to run them without an exception
        signal.signal(number, signal.SIG_DFL)
        tell(_WORDS[signal.Signals(number)])
        signal.raise_signal(number)
        # Still here: the first process of a container does not die of signals.
        os._exit(128 + number)

    for each in _WORDS:
        if signal.getsignal(each) is not signal.SIG_IGN:
            signal.signal(each, end)


def heed_no_more() -> None:
    """The work is done, or about to be broken off: it is too late for signals."""
    for each in _WORDS:
        signal.signal(each, signal.SIG_IGN)
