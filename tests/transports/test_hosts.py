"""Whom credentials may be fetched from and sent to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cursorkit.wire import AuthenticationError
from cursorkit_transports.hosts import Hosts

GOOGLES = [
    "https://oauth2.googleapis.com/token",
    "https://accounts.google.com/o/oauth2/token",
    "https://www.googleapis.com/oauth2/v4/token",
    "https://sts.googleapis.com/v1/token",
    "https://STS.googleapis.com:443/v1/token",
    "https://sts.mtls.googleapis.com/v1/token",
    "https://sts.us-east1.rep.googleapis.com/v1/token",
    "https://us-east1-sts.googleapis.com/v1/token",
    "https://northamerica-northeast1.sts.googleapis.com/v1/token",
    "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/a@b:generateAccessToken",
    "https://iamcredentials.europe-west3.rep.googleapis.com/v1/x",
]
THIS_MACHINE = ["http://localhost:8000/", "https://127.0.0.1/", "http://[::1]:1/token"]
STRANGERS = [
    "https://evil.example/token",
    "https://sts.googleapis.com.evil.example/v1/token",
    "https://evil.example/sts.googleapis.com",
    "https://evil.example?sts.googleapis.com",
    "https://sts-googleapis.com/",
    "https://xsts.googleapis.com/",
    # Whose names under googleapis.com anybody can have, or where anybody can read what is written.
    "https://storage.googleapis.com/bucket/token",
    "https://my-sts.storage.googleapis.com/token",
    "https://sts.storage.googleapis.com/token",
    "https://firestore.googleapis.com/v1/projects/evil/databases/d/documents",
    "https://google.com/",
    "https://sts.googleapis.com./v1/token",
    "https://169.254.169.254/latest/api/token",
    "https://token.actions.githubusercontent.com/",
]
NO_ADDRESSES = [
    "https://sts.googleapis.com@evil.example/",
    "https://evil.example#sts.googleapis.com",
    "https://evil.example\\@sts.googleapis.com/",
    "https://sts.googleapis.com:x/",
    "https://sts.googleapis.com:99999/",
    "https://sts.googleapis.com\n.evil.example/",
    "http://sts.googleapis.com/v1/token",
    "http://evil.example/",
    "http://169.254.169.254/latest/api/token",
    "file:///etc/passwd",
    "ftp://sts.googleapis.com/",
    "//sts.googleapis.com/",
    "",
]


@pytest.mark.parametrize("url", GOOGLES + THIS_MACHINE)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_google_and_this_machine(method: str, url: str) -> None:
    Hosts().check(method, url)


@pytest.mark.parametrize("url", STRANGERS)
def test_strangers_get_nothing(url: str) -> None:
    with pytest.raises(
        AuthenticationError, match=r"lead to '[^']+', which is none of Google's hosts$"
    ) as told:
        Hosts().check("POST", url)
    assert told.value.remedy is not None
    assert told.value.remedy.kind == "trust-host"
    Hosts(told.value.remedy.names).check("POST", url)


@pytest.mark.parametrize("url", NO_ADDRESSES)
def test_what_is_no_address_or_in_the_clear(url: str) -> None:
    with pytest.raises(AuthenticationError, match="name no https:// address"):
        Hosts().check("POST", url)


FETCHED = [
    "http://169.254.169.254/latest/meta-data/iam/security-credentials",
    "http://[fd00:ec2::254]/latest/meta-data/iam/security-credentials",
    "https://pipelines.actions.githubusercontent.com/x/idtoken?audience=y",
]


@pytest.mark.parametrize("url", FETCHED)
def test_where_clouds_and_jobs_learn_who_they_are_nothing_is_sent(url: str) -> None:
    Hosts().check("GET", url)
    with pytest.raises(AuthenticationError):
        Hosts().check("POST", url)


def test_metadata_are_fetched_where_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AuthenticationError):
        Hosts().check("GET", "http://metadata.example/x")
    monkeypatch.setenv("GCE_METADATA_HOST", "metadata.example")
    Hosts().check("GET", "http://metadata.example/x")
    for url in ("http://metadata.example.evil.example/x", "http://metadata.example@evil.example/"):
        with pytest.raises(AuthenticationError):
            Hosts().check("GET", url)


def test_the_user_may_trust_a_host_but_nobody_may_listen_in() -> None:
    hosts = Hosts(("IDP.example",))
    for method in ("GET", "POST"):
        hosts.check(method, "https://idp.example:8443/token")
        for other in ("https://a.idp.example/", "https://idp.example.evil.example/", "http://idp.example/"):
            with pytest.raises(AuthenticationError):
                hosts.check(method, other)


LABEL = st.from_regex(r"[a-z0-9-]{1,20}", fullmatch=True)


@given(st.lists(LABEL, min_size=1, max_size=4), st.sampled_from(["GET", "POST", "PUT"]))
def test_no_name_outside_of_googles_is_googles(labels: list[str], method: str) -> None:
    host = ".".join([*labels, "example"])
    with pytest.raises(AuthenticationError, match="none of Google's"):
        Hosts().check(method, f"https://{host}/token")


@given(LABEL.filter(lambda label: label not in {"oauth2", "www", "sts", "iamcredentials"}))
def test_other_services_of_google_take_no_tokens(label: str) -> None:
    for host in (f"{label}.storage.googleapis.com", f"sts.{label}.storage.googleapis.com"):
        with pytest.raises(AuthenticationError, match="none of Google's"):
            Hosts().check("POST", f"https://{host}/token")
