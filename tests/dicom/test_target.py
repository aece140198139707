"""Where instances go."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import pytest

from cursorkit.dicom import Target
from cursorkit.errors import ArgumentErrors
from cursorkit.methods import STORE_INSTANCES
from cursorkit.wire import Bytes, Endpoint, EndpointError, Headers
from cursorkit_transports import open_transport

if TYPE_CHECKING:
    from pathlib import Path

HOST = Endpoint("https://host/dicom-web")
GOOGLE = Endpoint(STORE_INSTANCES.root)
PARENT = "projects/p/locations/l/datasets/d/dicomStores/"


@pytest.mark.parametrize("root", ["https://host/dicom-web", "https://host/dicom-web/"])
def test_a_server_of_dicomweb(root: str) -> None:
    target = Target.dicomweb(Endpoint(root), open_transport)
    assert (target.url, target.study) == ("https://host/dicom-web/studies", "")


@pytest.mark.parametrize(
    ("store", "path", "study"),
    [
        ("s", "studies", ""),
        ("s", "studies/1.2.3", "1.2.3"),
        ("studies", "studies", ""),
        ("studies", "studies/1.2.3", "1.2.3"),
    ],
)
def test_what_a_method_is_asked_at(store: str, path: str, study: str) -> None:
    parameters = {"parent": PARENT + store, "dicom_web_path": path, "access_token": "CANARY"}
    target = Target.of(STORE_INSTANCES, parameters, GOOGLE, open_transport)
    assert target.url == f"{STORE_INSTANCES.root}v1beta1/{PARENT}{store}/dicomWeb/{path}"
    assert target.study == study
    request = target.request("application/dicom", Bytes(b"x"))
    fields = [name for name, _ in request.headers]
    assert sorted(fields) == ["Accept", "Authorization", "Content-Length", "Content-Type"]
    assert request.headers.get("Authorization") == "Bearer CANARY"
    assert request.headers.get("Content-Length") == "1"
    assert request.idempotent
    assert request.template == STORE_INSTANCES.path


def test_a_place_is_the_same_however_it_is_asked() -> None:
    def asked(**more: str) -> Target:
        parameters = {"parent": f"{PARENT}s", "dicom_web_path": "studies", **more}
        return Target.of(STORE_INSTANCES, parameters, GOOGLE, open_transport)

    place = f"{STORE_INSTANCES.root}v1beta1/{PARENT}s/dicomWeb/studies"
    assert {asked().place, asked(quota_user="me").place, asked(dicom_web_path="studies/1.2").place} == {place}
    web = Target.dicomweb(HOST, open_transport)
    assert web.place == web.for_study("1.2").place == "https://host/dicom-web/studies"
    assert (web.for_study("1.2").url, web.for_study("1.2").study) == (f"{web.place}/1.2", "1.2")


def test_parameters_that_are_wrong_are_told_of() -> None:
    with pytest.raises(ArgumentErrors):
        Target.of(STORE_INSTANCES, {"parent": "p"}, GOOGLE, open_transport)


def test_it_goes_to_other_processes_unless_it_holds_a_secret() -> None:
    target = Target.dicomweb(HOST, open_transport, Headers([("X-Who", "it")]))
    assert pickle.loads(pickle.dumps(target)) == target
    secret = Target.dicomweb(HOST, open_transport, Headers([("Authorization", "Bearer CANARY")]))
    with pytest.raises(TypeError, match="secret"):
        pickle.dumps(secret)


def test_it_shows_no_study_and_no_secret() -> None:
    headers = Headers([("Authorization", "Bearer CANARY")])
    target = Target("https://host/studies/1.2.3", HOST, open_transport, headers, "1.2.3")
    assert "1.2.3" not in repr(target)
    assert "CANARY" not in repr(target)
    assert "1.2.3" not in repr(target.request("application/dicom", Bytes()))


def test_a_folder_is_the_same_wherever_somebody_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A journal may be used from another folder, and others who do the work may be in another one."""
    monkeypatch.chdir(tmp_path)
    for written in ("file:store", "file:./store/", f"file:{tmp_path}/store", "FILE:x/../store"):
        target = Target.dicomweb(Endpoint(written), open_transport)
        assert target.url.lower() == f"file:{tmp_path}/store/studies".lower()
        assert target.url.startswith(target.endpoint.url)
        parameters = {"parent": PARENT + "s", "dicom_web_path": "studies"}
        target = Target.of(STORE_INSTANCES.at(written), parameters, Endpoint(written), open_transport)
        assert target.url.lower() == f"file:{tmp_path}/store/v1beta1/{PARENT}s/dicomWeb/studies".lower()
        assert target.url.startswith(target.endpoint.url)
    with pytest.raises(EndpointError):
        Target.dicomweb(Endpoint("file:"), open_transport).open()
