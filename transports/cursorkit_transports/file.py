"""The embedded DICOM store: a folder that answers store transactions as DICOM PS3.18, 10.5 demands."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from attrs import evolve, field, frozen

from cursorkit.dicom.instances import DICOM, RELATED, UID, NotDicomError, read_instance, require_pydicom
from cursorkit.wire import Bytes, EndpointError, Headers, Response, Sending, StorageError
from cursorkit.wire.multipart import MultipartError, media_type, split
from cursorkit.wire.source import BLOCK
from cursorkit_transports.archive import ConflictError, study_path, transaction
from cursorkit_transports.logged import Logged

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cursorkit.dicom.instances import Instance
    from cursorkit.wire import Endpoint, Request, Transport
    from cursorkit.wire.multipart import Readable
    from cursorkit_transports.archive import Transaction

PROCESSING_FAILURE = 0x0110
DOES_NOT_MATCH_SOP_CLASS = 0xA900
CANNOT_UNDERSTAND = 0xC000

_STUDIES = re.compile(r"(?:/[^?]*)?/studies(?:/(?P<study>[^/?]+))?(?:\?.*)?")

_Dataset = dict[str, Any]
"""A data set in the DICOM JSON model (PS3.18, F.2)."""


def open_endpoint(endpoint: Endpoint) -> Transport:
    """The opener of the scheme `file`: `file:DIR` or `file:///DIR`, where DIR is taken to the letter.

    Raises:
        EndpointError: the URL names no folder of this machine.
        MissingExtraError: pydicom is not installed.
    """
    return Logged(FileStore(folder_of(endpoint.url), endpoint.url))


def folder_of(url: str) -> str:
    """The folder that `url` names; there is one, or nothing yet.

    Raises:
        EndpointError: it names no folder of this machine.
    """
    folder = url.partition(":")[2]
    if folder.startswith("///"):
        folder = folder[2:]
    if not folder or folder.startswith("//") or "\0" in folder:
        raise EndpointError("a store in a folder is written as file:DIR, or file:///DIR")
    if os.path.exists(folder) and not os.path.isdir(folder):  # noqa: PTH110, PTH112 - those of Path fail for names that cannot be looked up
        raise EndpointError("a store in a folder is what file:DIR names, and something else is there")
    return folder


def _absolute(folder: str | os.PathLike[str]) -> Path:
    return Path(folder).absolute()


def _bare(root: str) -> str:
    return root.rstrip("/")


@frozen
class FileStore:
    """A DICOM store in a folder: whatever root of DICOMweb a request names below `root`, it is this one.

    An instance lies in `studies/STUDY/series/SERIES/instances/INSTANCE.dcm`, byte for byte as it came. It
    gets there whole or not at all, and is never written again: the same bytes once more are a success, other
    bytes under the same identifiers a failure. Nothing is stored of a body that cannot be read to its end.
    Any number of threads and processes may store into one folder, which has to be on a file system with hard
    links.

    Attributes:
        folder: where the instances are kept; made when the first one comes.
        root: what the URLs of requests begin with.

    Raises:
        MissingExtraError: pydicom is not installed.
    """

    folder: Path = field(converter=_absolute)
    root: str = field(converter=_bare)

    def __attrs_post_init__(self) -> None:
        require_pydicom("the DICOM store in a folder")

    def send(self, request: Request) -> Response:
        """Store what the request holds, and report it.

        Raises:
            StorageError: the folder cannot be written; it is full, say. Some instances may be stored
                already; sending the same again is safe.
            SourceError: the body cannot be read.
        """
        with Sending(request.body) as body:
            try:
                answer = self._answer(request, body)
                _read_out(body)
            except OSError as error:
                # Its own words would name the file, and so the study.
                raise StorageError(f"the store cannot be written: {error.strerror}", body.sent) from None
            return answer.response(body)

    def close(self) -> None:
        """Nothing to let go of."""

    def _answer(self, request: Request, body: Readable) -> _Answer:
        study = self._study(request.url)
        if study is None:
            return _refusal(404, "NOT_FOUND", "there is nothing at this address but …/studies")
        if request.verb != "POST":
            return _refusal(
                405, "UNIMPLEMENTED", "instances can only be stored here, with POST", Allow="POST"
            )
        kind, parameters = media_type(request.headers.get("Content-Type"))
        try:
            if kind == DICOM:
                return self._store([(Headers([("Content-Type", DICOM)]), body)], body, study)
            if kind == RELATED and parameters.get("type", "").lower() == DICOM and "boundary" in parameters:
                return self._store(split(body, parameters["boundary"]), body, study)
        except MultipartError as error:
            return _refusal(400, "INVALID_ARGUMENT", str(error))
        accepted = f'{DICOM}, or {RELATED}; type="{DICOM}" with a boundary'
        return _refusal(415, "INVALID_ARGUMENT", f"the store takes {accepted}", Accept=f"{DICOM}, {RELATED}")

    def _study(self, url: str) -> str | None:
        """The study at `url`, empty for any study; None where the URL is none of the store's."""
        found = _STUDIES.fullmatch(url.removeprefix(self.root))
        if found is None or not url.startswith(self.root):
            return None
        return unquote(found["study"] or "")

    def _store(self, parts: Iterable[tuple[Headers, Readable]], body: Readable, study: str) -> _Answer:
        """Stage every part, and only then keep them, so that a body which breaks off leaves nothing."""
        with transaction(self.folder) as opened:
            staged = [_stage(opened, headers, part, study) for headers, part in parts]
            # The body may still turn out to have changed, behind its last part.
            _read_out(body)
            results = [_keep(opened, each) if isinstance(each, _Staged) else each for each in staged]
        if not results:
            return _refusal(400, "INVALID_ARGUMENT", "the multipart body has no parts")
        return _report(results, self.folder)


def _read_out(body: Readable) -> None:
    while body.read(BLOCK):
        pass


# --- what becomes of a part -------------------------------------------------------------------------------


@frozen
class _Staged:
    """An instance that waits at `path`."""

    path: Path
    instance: Instance


@frozen
class _Kept:
    """An instance that lies at `path` from now on."""

    path: Path
    instance: Instance


@frozen
class _Failed:
    """A part that is not stored, and why; `instance` is None where nobody knows what it is."""

    reason: int
    detail: str
    instance: Instance | None = None


def _stage(opened: Transaction, headers: Headers, part: Readable, study: str) -> _Staged | _Failed:
    if media_type(headers.get("Content-Type"))[0] != DICOM:
        return _Failed(CANNOT_UNDERSTAND, f"its Content-Type is not {DICOM}")
    path = opened.stage(part)
    try:
        with path.open("rb") as reader:
            instance = read_instance(reader)
    except NotDicomError as error:
        return _Failed(DOES_NOT_MATCH_SOP_CLASS if error.understood else CANNOT_UNDERSTAND, str(error))
    if wrong := [name for name, uid in _names(instance) if not UID.fullmatch(uid)]:
        return _Failed(DOES_NOT_MATCH_SOP_CLASS, f"what it has for {' and '.join(wrong)} is no UID", instance)
    if study not in {"", instance.study}:
        return _Failed(PROCESSING_FAILURE, "it belongs to another study than the request is for", instance)
    return _Staged(path, instance)


def _names(instance: Instance) -> Iterator[tuple[str, str]]:
    yield "Study Instance UID", instance.study
    yield "Series Instance UID", instance.series
    yield "SOP Instance UID", instance.sop_instance
    yield "SOP Class UID", instance.sop_class


def _keep(opened: Transaction, staged: _Staged) -> _Kept | _Failed:
    try:
        return _Kept(opened.keep(staged.path, staged.instance), staged.instance)
    except ConflictError:
        return _Failed(PROCESSING_FAILURE, "other bytes are already stored as this instance", staged.instance)


# --- what is answered -------------------------------------------------------------------------------------


@frozen
class _Answer:
    """A response that lacks nothing but the evidence of what was sent."""

    status: int
    document: _Dataset
    headers: Headers

    def response(self, body: Sending) -> Response:
        content = json.dumps(self.document).encode("ascii")
        return Response(
            self.status, self.headers.adding("Content-Length", str(len(content))), Bytes(content), body.sent
        )


def _refusal(code: int, status: str, message: str, **headers: str) -> _Answer:
    """An answer without a report, in the format of errors that Google's APIs share."""
    error = {"code": code, "message": message, "status": status}
    return _Answer(code, {"error": error}, Headers([("Content-Type", "application/json"), *headers.items()]))


def _report(results: list[_Kept | _Failed], folder: Path) -> _Answer:
    """The Store Instances Response (PS3.18, 10.5.3 and I.2)."""
    kept = [each for each in results if isinstance(each, _Kept)]
    failed = [
        # Of a part that nobody can name its number at least is known.
        evolve(each, detail=f"part {number}: {each.detail}")
        if each.instance is None and results[1:]
        else each
        for number, each in enumerate(results, 1)
        if isinstance(each, _Failed)
    ]
    studies = {each.instance.study for each in kept}
    document: _Dataset = {}
    if len(studies) == 1:
        document["00081190"] = _element("UR", study_path(folder, *studies).as_uri())
    if failed:
        document["00081198"] = _element("SQ", *map(_failed_item, failed))
    if kept:
        document["00081199"] = _element("SQ", *map(_kept_item, kept))
    status = 200 if not failed else 202 if kept else 409
    return _Answer(status, document, Headers([("Content-Type", "application/dicom+json")]))


def _element(vr: str, *values: object) -> _Dataset:
    return {"vr": vr, "Value": list(values)}


def _reference(instance: Instance) -> _Dataset:
    return {
        "00081150": _element("UI", instance.sop_class),
        "00081155": _element("UI", instance.sop_instance),
    }


def _kept_item(kept: _Kept) -> _Dataset:
    return {**_reference(kept.instance), "00081190": _element("UR", kept.path.as_uri())}


def _failed_item(failed: _Failed) -> _Dataset:
    """With a reason of the standard, and a detail in the private element where Google's store has it."""
    return {
        **({} if failed.instance is None else _reference(failed.instance)),
        "00081197": _element("US", failed.reason),
        "00090010": _element("LO", "CURSORKIT"),
        "00090097": _element("UT", failed.detail),
    }
