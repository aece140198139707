"""A hospital's worth of files in folders: instances of many studies, and what else lies among them.

The same seed gives the same files. They are small: what there is of them is what counts.
"""

from __future__ import annotations

import io
import tarfile
from collections import Counter
from enum import Enum
from hashlib import sha256
from random import Random
from typing import TYPE_CHECKING
from zipfile import ZipFile

from attrs import field, frozen
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.uid import UID

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROOT = "1.2.826.0.1.3680043.10.9"
_MODALITIES = ("CT", "MR", "CR", "DX", "NM", "US")
_FOREIGN = {
    "Thumbs.db": b"\xd0\xcf\x11\xe0" * 40,
    "README.TXT": b"Please copy this disc.\r\n",
    "empty": b"",
    "AUTORUN.INF": b"[autorun]\r\nopen=viewer.exe\r\n",
}


class Kind(Enum):
    """What a file is."""

    GOOD = "an instance"
    COPY = "the same bytes as another one"
    OTHER = "other bytes as the same instance as another one"
    CUT = "an instance that ends in its pixels"
    BROKEN = "DICOM at first sight"
    FOREIGN = "something else"


@frozen
class Piece:
    """A file.

    Attributes:
        name: where it is, below the folder; in an archive, `ARCHIVE:MEMBER`.
        kind: what it is.
        instance: its SOP Instance UID; empty where it has none.
        content: its bytes.
    """

    name: str
    kind: Kind
    instance: str
    content: bytes = field(repr=False)

    @property
    def sha256(self) -> str:
        """That of its bytes, in hexadecimal."""
        return sha256(self.content).hexdigest()


def hospital(
    folder: Path, count: int, seed: int = 0, *, odd: bool = True, archives: bool = False
) -> tuple[Piece, ...]:
    """Fill `folder`, and tell with what.

    Args:
        folder: where to.
        count: how many instances, all different.
        seed: what else it depends on.
        odd: whether something else than these lies among them: one file in ten is.
        archives: whether a few series are archives.
    """
    pieces = tuple(_archived(_pieces(count, Random(f"{seed}"), odd=odd), archives=archives))
    tarred: dict[str, list[Piece]] = {}
    for piece in pieces:
        archive, colon, _ = piece.name.partition(":")
        if colon:
            tarred.setdefault(archive, []).append(piece)
            continue
        path = folder / piece.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(piece.content)
    for archive, members in tarred.items():
        (folder / archive).parent.mkdir(parents=True, exist_ok=True)
        _pack(folder / archive, {each.name.partition(":")[2]: each.content for each in members})
    return pieces


def counted(pieces: tuple[Piece, ...]) -> Counter[Kind]:
    """How many there are of each kind."""
    return Counter(each.kind for each in pieces)


def _pieces(count: int, chance: Random, *, odd: bool) -> Iterator[Piece]:
    templates = [*_templates()]
    made: list[Piece] = []
    study = series = left = 0
    for number in range(count):
        if not left:
            left = chance.randint(3, 40)
            series += 1
            study += chance.random() < 0.4 or series == 1
        left -= 1
        template = templates[series % len(templates)]
        uids = (_uid(1, study), _uid(2, series), _uid(3, number))
        place = f"{study % 17:02}/study{study}/series{series}"
        content = _instance(template, uids, chance)
        made.append(Piece(f"{place}/IM{number:06}", Kind.GOOD, uids[2], content))
        yield made[-1]
        if odd and number % 10 == 9:
            yield _odd(place, number, chance, made[-1 - chance.randrange(min(number, 60))])


def _odd(place: str, number: int, chance: Random, beside: Piece) -> Piece:
    kind = chance.choice([kind for kind in Kind if kind is not Kind.GOOD])
    name = f"{place}/odd{number:06}"
    match kind:
        case Kind.COPY:
            return Piece(name, kind, beside.instance, beside.content)
        case Kind.OTHER:
            # Nobody reads the preamble (PS3.10, 7.1).
            return Piece(name, kind, beside.instance, b"\1" * 128 + beside.content[128:])
        case Kind.CUT:
            uid = _uid(4, number)
            whole = beside.content.replace(beside.instance.encode(), uid.encode())
            return Piece(name, kind, uid, whole[:-100])
        case Kind.BROKEN:
            return Piece(name, kind, "", beside.content[: 200 + number % 100])
    other, content = chance.choice([*_FOREIGN.items()])
    return Piece(f"{place}/{number}/{other}", Kind.FOREIGN, "", content)


def _uid(kind: int, number: int) -> str:
    """All are of one length, so that one can take the place of another in a file."""
    return f"{ROOT}.{kind}.1{number:07}"


def _templates() -> Iterator[bytes]:
    """Small files of several modalities, with the UIDs of number 0."""
    for modality in _MODALITIES:
        dataset = dcmread(str(get_testdata_file("CT_small.dcm", download=False)))
        dataset.Rows, dataset.Columns, dataset.PixelData = 16, 16, bytes(512)
        dataset.Modality = modality
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID = UID(_uid(1, 0)), UID(_uid(2, 0))
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = UID(_uid(3, 0))
        del dataset.DataSetTrailingPadding
        file = io.BytesIO()
        dataset.save_as(file)
        yield file.getvalue()


def _instance(template: bytes, uids: tuple[str, ...], chance: Random) -> bytes:
    for kind, uid in enumerate(uids, 1):
        template = template.replace(_uid(kind, 0).encode(), uid.encode())
    return template[:-512] + chance.randbytes(512)


def _archived(pieces: Iterator[Piece], *, archives: bool) -> Iterator[Piece]:
    """The same, with some series as members of archives."""
    for each in pieces:
        place, _, name = each.name.partition("/series")
        series = int(name.partition("/")[0])
        suffix = {2: ".zip", 4: ".tar.gz", 7: ".tar"}.get(series % 12)
        if archives and suffix:
            yield Piece(f"{place}/series{series}{suffix}:{name}", each.kind, each.instance, each.content)
        else:
            yield each


def _pack(path: Path, members: dict[str, bytes]) -> None:
    if path.suffix == ".zip":
        with ZipFile(path, "w") as zipped:
            for name, content in members.items():
                zipped.writestr(name, content)
        return
    with tarfile.open(path, "w:gz" if path.suffix == ".gz" else "w") as tarred:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tarred.addfile(member, io.BytesIO(content))
