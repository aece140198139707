"""Clients that upload an image, and what they claim to have come of it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import Enum
from importlib.util import find_spec
from io import BytesIO
from typing import TYPE_CHECKING

from attrs import frozen
from google.oauth2.credentials import Credentials

from cursorkit import HttpBody, Verdict, call, dicom
from cursorkit.files import file_source
from cursorkit.methods import STORE_INSTANCES
from cursorkit.wire import Bytes
from cursorkit_transports import Authorized, Https, Policy, Retrying
from soak_store import SHORT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cursorkit.methods.outcome import Outcome

ATTEMPTS = 14
"""As many as cursorkit makes in its ten minutes, about."""


class Claim(Enum):
    """What a client says."""

    STORED = "stored"
    UNKNOWN = "unknown"
    NOT_STORED = "not stored"


@frozen
class Upload:
    """One image.

    Attributes:
        number: which.
        path: the file.
        content: its bytes.
        url: where to.
    """

    number: int
    path: Path
    content: bytes
    url: str


Client = Callable[[Upload], Claim]


def _credentials() -> Credentials:
    numbers = iter(range(10**9))
    # google-auth wants it in UTC, but without saying so.
    later = datetime.now(UTC).replace(tzinfo=None) + timedelta(days=1)
    return Credentials(None, refresh_handler=lambda request, scopes: (f"token-{next(numbers)}", later))


# --- cursorkit --------------------------------------------------------------------------------------------


def cursorkit() -> Client:
    """The stack that `https` opens, with waits that take no time, from bodies of all kinds in turn."""
    https = Https(read_timeout=SHORT, stall_timeout=SHORT, answer_timeout=SHORT)
    clock = [0.0]

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    transport = Retrying(Authorized(https, _credentials()), Policy(), sleep=sleep, clock=lambda: clock[0])
    place = {"parent": "projects/p/locations/l/datasets/d/dicomStores/s", "dicom_web_path": "studies"}

    def upload(one: Upload) -> Claim:
        return _claimed(call(STORE_INSTANCES.at(one.url), place, _body(one), transport))

    return upload


def _body(one: Upload) -> HttpBody:
    match one.number % 3:
        case 0:
            return HttpBody("application/dicom", file_source(one.path))
        case 1:
            return HttpBody("application/dicom", Bytes(one.content))
    return HttpBody(*dicom.multipart([one.path]))


def _claimed(outcome: Outcome) -> Claim:
    match outcome.verdict:
        case Verdict.DONE:
            return Claim.STORED
        case Verdict.UNKNOWN:
            return Claim.UNKNOWN
    # What was refused, though an earlier attempt may have been carried out, says so.
    return Claim.UNKNOWN if "may have been" in outcome.message else Claim.NOT_STORED


# --- others, used as their manuals say --------------------------------------------------------------------


def from_a_file() -> Client:
    """google-auth and urllib3, with retries, and a file for a body."""
    return _plain(lambda one: one.path.open("rb"))


def from_a_generator() -> Client:
    """The same, with a generator for a body."""

    def blocks(one: Upload) -> Iterator[bytes]:
        with one.path.open("rb") as file:
            while block := file.read(16384):
                yield block

    return _plain(blocks)


def _plain(body: Callable[[Upload], object]) -> Client:
    import urllib3
    from google.auth.transport.urllib3 import AuthorizedHttp
    from urllib3.util import Retry, Timeout

    retries = Retry(ATTEMPTS, allowed_methods=None, status_forcelist=[408, 429, 500, 502, 503, 504])
    pool = urllib3.PoolManager(retries=retries, timeout=Timeout(SHORT, SHORT))
    http = AuthorizedHttp(_credentials(), http=pool)

    def upload(one: Upload) -> Claim:
        fields = {"Content-Type": "application/dicom"}
        try:
            response = http.urlopen("POST", f"{one.url}/studies", body=body(one), headers=fields)
        except Exception:
            return Claim.NOT_STORED
        return Claim.STORED if response.status == 200 else Claim.NOT_STORED

    return upload


def dicomweb_client() -> Client:
    """dicomweb-client, with its retries."""
    from dicomweb_client.api import DICOMwebClient
    from pydicom import dcmread

    logging.getLogger("dicomweb_client").setLevel(logging.CRITICAL)

    def upload(one: Upload) -> Claim:
        client = DICOMwebClient(one.url, timeout=SHORT)
        client.set_http_retry_params(max_attempts=ATTEMPTS, wait_exponential_multiplier=0)
        try:
            client.store_instances([dcmread(BytesIO(one.content))])
        except Exception:
            return Claim.NOT_STORED
        return Claim.STORED

    return upload


CLIENTS: dict[str, Callable[[], Client]] = {
    "cursorkit": cursorkit,
    "google-auth + urllib3, a file": from_a_file,
    "google-auth + urllib3, a generator": from_a_generator,
    "dicomweb-client": dicomweb_client,
}
NEEDS = {"dicomweb-client": "dicomweb_client"}


def missing(name: str) -> bool:
    """Whether a client is not installed."""
    return name in NEEDS and find_spec(NEEDS[name]) is None
