"""Whom credentials may be fetched from and sent to.

A file of credentials names addresses, and whoever wrote it could name those of strangers. So it is not the
file that decides where proofs go: every request on the way to a token is held against this list.
(https://cloud.google.com/docs/authentication/external/externally-sourced-credentials)
"""

from __future__ import annotations

import os
import re

from attrs import field, frozen

from cursorkit.wire import AuthenticationError, EndpointError, Remedy, check_address, host_of, is_this_machine

_REGION = "[a-z]+-[a-z]+[0-9]+"
_OF_GOOGLE = re.compile(
    r"accounts\.google\.com|(?:oauth2|www)\.googleapis\.com|"
    rf"(?:{_REGION}[.-])?(?:sts|iamcredentials)(?:[.-]{_REGION})?(?:\.p|\.rep)?(?:\.mtls)?\.googleapis\.com"
)
"""Not all of googleapis.com: under some of its names everybody can receive what is sent."""

_OF_GITHUB = re.compile(r"[a-z0-9-]+\.actions\.githubusercontent\.com")
"""Where jobs of GitHub get the tokens that say who they are."""

_OF_THE_MACHINE = frozenset({"169.254.169.254", "fd00:ec2::254"})
"""Where clouds tell their machines who they are. Nothing but the machine's own network leads there."""


def metadata_host() -> str:
    """Where a machine of Google's asks who it is, as `HOST` or `HOST:PORT`."""
    return os.environ.get("GCE_METADATA_HOST") or "169.254.169.254"


def _lower(hosts: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(str.lower, hosts))


@frozen
class Hosts:
    """Google, this machine, and what the user trusts.

    Attributes:
        trusted: the hosts that the user trusts beside.
    """

    trusted: frozenset[str] = field(default=frozenset(), converter=_lower)

    def check(self, method: str, url: str) -> None:
        """Let a request pass on the way to a token.

        Raises:
            AuthenticationError: it leads to a stranger, or others could listen in.
        """
        try:
            host = host_of(url)
            if method != "POST" and (host in _OF_THE_MACHINE or url.startswith(f"http://{metadata_host()}/")):
                return
            check_address(url)
        except EndpointError:
            raise AuthenticationError(
                "cannot fetch a token: the credentials name no https:// address"
            ) from None
        if not (self._knows(host) or (method == "GET" and _OF_GITHUB.fullmatch(host))):
            raise AuthenticationError(
                f"cannot fetch a token: the credentials lead to '{host}', which is none of Google's hosts",
                remedy=Remedy("trust-host", (host,)),
            )

    def _knows(self, host: str) -> bool:
        return is_this_machine(host) or host in self.trusted or bool(_OF_GOOGLE.fullmatch(host))
