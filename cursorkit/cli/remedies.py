"""What to type about an error: transports know what helps, and only the program how it is said to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cursorkit.methods.outcome import Outcome
    from cursorkit.wire.transport import Remedy


def remedied(prog: str, outcome: Outcome) -> str:
    """What an outcome says, and what to do about it.

    Args:
        prog: what the program is called.
        outcome: one that is no success.
    """
    if outcome.remedy is None:
        return outcome.message
    return f"{outcome.message}\n    {typed(prog, outcome.remedy)}"


def typed(prog: str, remedy: Remedy) -> str:
    """What to type for a remedy."""
    match remedy.kind:
        case "log-in":
            return f"'{prog} login' logs you in; -p access-token@=FILE gives a token"
        case "log-in-again":
            scopes = "".join(f" --scope {scope}" for scope in remedy.names)
            return f"'{prog} login{scopes}' logs you in again"
        case "trust-authorities":
            return "--ca-bundle FILE names the authorities to trust"
        case "trust-host":
            return f"if you trust it with them, --trust-host {remedy.names[0]} says so"
        case "wait-longer":
            return "--timeout SECONDS says how long to wait"
        case "allow-http":
            return "--allow-http says so for a host in the same network; credentials never go there"
