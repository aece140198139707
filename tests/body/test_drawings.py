"""How problems are drawn: the cases here, and in drawings.txt what a user sees of each.

`python tests/body/test_drawings.py` writes drawings.txt anew; read the difference before it is committed.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, get_args

import pytest

from cursorkit import ArgumentErrors, build
from cursorkit.errors import Kind, SourceError
from cursorkit.methods import STORE_INSTANCES
from cursorkit.schema.discovery import Schemas
from cursorkit.schema.types import Any, Field, List, Object, Scalar
from cursorkit.wire import Bytes

if TYPE_CHECKING:
    from cursorkit.schema.types import Schema
    from cursorkit.wire import BodySource

DRAWINGS = Path(__file__).with_name("drawings.txt")

STRING = {"type": "string"}
DOCUMENT = {
    "Job": {
        "type": "object",
        "properties": {
            "title": STRING,
            "contentType": STRING,
            "replicas": {"type": "integer", "format": "int32"},
            "sizeBytes": {"type": "string", "format": "int64"},
            "share": {"type": "integer", "minimum": "1", "maximum": "9"},
            "ratio": {"type": "number", "format": "double"},
            "enabled": {"type": "boolean"},
            "state": {"type": "string", "enum": ["STATE_ON", "STATE_OFF"]},
            "code": {"type": "string", "pattern": "^[a-z]{2}$"},
            "at": {"type": "string", "format": "google-datetime"},
            "day": {"type": "string", "format": "date"},
            "wait": {"type": "string", "format": "google-duration"},
            "mask": {"type": "string", "format": "google-fieldmask"},
            "image": {"type": "string", "format": "byte"},
            "token": {"type": "string", "secret": True},
            "owner": {"type": "string", "refusal": "'owner' is set by the server"},
            "tags": {"type": "array", "items": STRING},
            "ports": {"type": "array", "items": {"type": "integer"}},
            "labels": {"type": "object", "additionalProperties": STRING},
            "thumbs": {"type": "object", "additionalProperties": {"type": "string", "format": "byte"}},
            "spec": {"$ref": "Spec"},
            "parts": {"type": "array", "items": {"$ref": "Spec"}},
            "grid": {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}},
            "sizes": {"type": "object", "additionalProperties": {"$ref": "Size"}},
            "extra": {"type": "any"},
        },
    },
    "Spec": {"type": "object", "properties": {"name": STRING, "größe": STRING, "next": {"$ref": "Spec"}}},
    "Size": {"type": "object", "properties": {"width": {"type": "integer"}, "unit": STRING}},
    "Many": {"type": "object", "properties": {f"setting{n:03}": STRING for n in range(200)}},
    "Choice": {
        "type": "object",
        "properties": {"zone": {"type": "string", "enum": [f"EUROPE_WEST_{n}" for n in range(40)]}},
    },
    "Number": {"type": "integer"},
}
assert STORE_INSTANCES.request is not None
SCHEMAS: dict[str, Schema] = {
    **{name: Schemas(DOCUMENT).named(name) for name in DOCUMENT},
    "HttpBody": STORE_INSTANCES.request.schema,
    "Parameters": STORE_INSTANCES.parameters,
    "Union": Object(
        "Union",
        lambda: [
            Field("limit", "limit", "limit", Any((Scalar("integer"), List(Scalar("integer"))))),
            Field("names", "names", "names", Any((Scalar("string"), List(Scalar("string"))))),
        ],
    ),
}
FILES = {
    "twice.json": b'{"name": "a", "next": {"name": "b", "name": "c"}}',
    "notes.txt": b"milk, eggs",
    "time.txt": b"2026-01-31T12:30:00Z\n",
    "wrong.json": b'{"name": 1, "nxt": {}, "next": {"next": []}}',
    "latin1.txt": b"Gr\xf6\xdfe",
    "mark.json": b"\xef\xbb\xbf{}",
}


class Case(NamedTuple):
    """An argument list with something wrong in it.

    `schema` is the name of one of SCHEMAS, or a body of Job if the title alone tells enough.
    """

    title: str
    arguments: tuple[str, ...]
    schema: str = "Job"
    extensions: bool = True


def case(title: str, *arguments: str, of: str = "Job", extensions: bool = True) -> Case:
    return Case(title, arguments, of, extensions)


CASES = [
    # Paths.
    case("an empty argument", ""),
    case("nothing before the equals sign", "=x"),
    case("above the root", "spec", "...title=x"),
    case("above the root, with very many dots", "." * 100_000),
    case("one dot at the end", "spec.=x"),
    case("deeper than anything", ".".join(["extra"] * 65) + "=x"),
    case("a name that is too long", "extra." + "y" * 70_000 + "=x"),
    # Names.
    case("a misspelled field, as the manual draws it", ".", "contnt-type=application/dicom", of="HttpBody"),
    case("a misspelled field", "titel=x"),
    case("other separators and capitals", "CONTENT_TYPE=x"),
    case("the end of a name", "type=x"),
    case("two misspelled names in one path", "spce.nxt.name=x"),
    case("a field of a structure around the cursor", ".spec.next", "title=x"),
    case(
        "a field of a structure that no path from the root leads to", ".parts.+.next", "..", "next", "title=x"
    ),
    case("a field of an entry with an odd key", ".extra", ".sizes/=a.b", "title=x"),
    case("a field of a structure elsewhere", "name=x"),
    case("a field of a structure in a map", "width=3"),
    case("a misspelled field of a structure elsewhere", "nmae=x"),
    case("a field like nothing that is known", "zzz=x"),
    case("one of very many fields", "seting=x", of="Many"),
    case("a field by another name than that on the wire", "/=content-type"),
    case("a field of answers", "owner=x"),
    case("a field of answers, of a raw body", "extensions=x", of="HttpBody"),
    case("a move to an unknown field is told once", "spce", "nmae=x", "next", "..name=x", ".titel=x"),
    # Places.
    case("into a string", "title.x=1"),
    case("a move to a string", "title", "x=1"),
    case("into an element", "tags.+.x=1"),
    case("a key of a list", "tags/=a"),
    case("a key of a string", "title/=a"),
    case("a name below a list", "parts.name=x"),
    case("an index with a leading zero", "tags=a", "tags.00=x"),
    case("behind the end of a list", "tags.7=x"),
    case("behind the end of a list of one", "parts.+.name=a", "parts.7.name=x"),
    case("behind the end of a list of three", "tags=a", "tags=b", "tags=c", "tags.7=x"),
    case("a list where a structure is", "extra.a=x", "extra.0=y"),
    case("a structure where a list is", "extra.0=x", "extra.a=y"),
    case("a move that came to nothing, told once", ".extra.+", ".extra.a=x", ":=1", "b=2", "..c=3"),
    case("a move that came to nothing, the other way round", ".extra.a", ".extra.+=x", "b=1"),
    case("a list and a structure deep down", "extra.a.0=x", "extra.a.b=y", "extra.a.0.c=z"),
    case("set twice", "title=a", "spec", ".title=b"),
    case("an entry set twice", "labels=a.b=1", "labels=a.b=2"),
    case("a part is set already", ".spec", "name=a", ":={}"),
    case("the whole is set already", "spec:={}", "spec.next.name=a"),
    # Values.
    case("text for a structure", "spec=x"),
    case("text for a list of structures", "parts=x"),
    case("text for a list of lists", "grid=1"),
    case("text for a map of structures", "sizes=x"),
    case("text for a value of several kinds", "limit=x", of="Union"),
    case("an entry without a key", "labels=x", "thumbs=AAEC"),
    case("no boolean", "enabled=True"),
    case("no whole number", "replicas=many"),
    case("no number", "ratio=nan"),
    case("out of the range of a format", "replicas=2147483648"),
    case("out of a range", "share=10"),
    case("larger than any number", "ratio=1e999", "extra:=-1e999"),
    case("more digits than any number", "size-bytes=" + "7" * 500),
    case("none of the values", "state=state-off", "state=maybe"),
    case("none of very many values", "zone=EUROPE_WEST", of="Choice"),
    case("no match", "code=abc"),
    case("no time", "at=tomorrow"),
    case("no date", "day=2026-02-30"),
    case("no duration", "wait=1.5"),
    case("no field mask", "mask=a b"),
    case("no base64", "image=@scan.dcm"),
    case("no header value", "content-type=text/plain\r\nX: y", of="HttpBody"),
    case("an empty header value", "content-type=", of="HttpBody"),
    case("bytes that are no text", "title=a\udcffb"),
    # JSON and files.
    case("no JSON", "tags:=[a]"),
    case("JSON cut off", 'extra:={"a": [1, 2'),
    case("NaN", "extra:=NaN"),
    case("JSON of other types", 'tags:=[1, true, null, {}, [], 1.5, "a"]'),
    case("JSON of another structure", 'spec:={"nmae": "a", "next": {"name": 1}}'),
    case("JSON for each type", "title:=1", "replicas:=1.5", "size-bytes:=1", "ratio:=true", "enabled:=1"),
    case("JSON for each container", "spec:=[]", "parts:={}", "labels:=[]", 'image:={"a":1}', "state:=1"),
    case("JSON of none of several kinds", 'limit:="many"', of="Union"),
    case("JSON with very many mistakes", f"ports:={[str(n) for n in range(1000)]}".replace("'", '"')),
    case("JSON that goes too deep", "extra:=" + "[" * 70 + "]" * 70),
    case("a file that is no JSON", "spec@=notes.txt"),
    case("a file with a byte order mark", "spec@=mark.json"),
    case("a file with a key twice", "spec@=twice.json"),
    case("a file of another structure", "spec@=wrong.json"),
    case("a file that is no text", "title@=latin1.txt"),
    case("a file without a name", "title@="),
    case("a file that does not exist", "title@=nosuch.txt"),
    case("what is no file", "title@=folder", "code@=-"),
    case("a file whose text does not fit", "at@=notes.txt", "at@=time.txt"),
    # The whole.
    case("nothing is set", of="Number"),
    case("several problems", "titel=x", "spec", "....", "nosuch=1", "a.", ".replicas=x", ".tags.9=y"),
    # What is shown.
    case("wide characters", "日本.語=1"),
    case("a caret behind wide characters", "spec", "größe=x", "名前=x"),
    case("combining characters", "spec", "e\u0301\u0302x=1"),
    case("marks of other scripts", "spec", "नमस्ते=1"),
    case("control characters", "a\x1b[2J\u202e\x9b\x07=1"),
    case("a line break in a value", "replicas=1\n2"),
    case("a long value is cut", "replicas=" + "7" * 100_000 + "x"),
    case("a long value of wide characters is cut", "replicas=" + "七" * 100_000),
    case("a long value of marks is cut", "replicas=a" + "\u0301" * 100_000),
    case("the end of a long name", "spec." + "a" * 50 + "." + "b" * 50 + "=x"),
    case("a long context is cut", ".extra." + "a" * 200, ".spec.next", "..nmae=x"),
    case("long names are cut in words", ".extra." + "k" * 60_000, "v=x", "v=y"),
    case("a cursor of 64 levels", ".extra." + ".".join(f"level{n}" for n in range(63)), "v.w=x"),
    case("a value of bytes is cut out", "image=CANARY!", "thumbs=a=CANARY!", "thumbs.b:=5"),
    case("a secret is cut out", "token=CANARY\udcff", 'token:={"CANARY":1,"CANARY":2}'),
    case(
        "a value for an unknown field is cut out", "zzz=CANARY", "dat.x=CANARY", "tokn=CANARY", "imge=CANARY"
    ),
    case("a value for a known field in the wrong place is cut out", ".spec", "token=CANARY", "image=CANARY"),
    case("the value of raw data is cut out", "dta=CANARY", "data=a", "data=CANARY", of="HttpBody"),
    case(
        "the value of a secret parameter is cut out",
        "acess-token=CANARY",
        "key=CANARY",
        "key=CANARY",
        of="Parameters",
    ),
    # Dots.
    case("a run of three dots, and a problem behind it", ".spec.next.next", "...", "titel=x", "replicas=x"),
    case("a run of three dots in the path itself", ".spec.next.next", "...titel=x"),
    case("a run of four dots within a path", ".extra.a.b.c.d.e", "x....y", ".spec.f=x"),
    # The language of the reference.
    case("extensions off: elements", "tags.0=x", "parts.name=x", "parts.9.name=x", extensions=False),
    case("extensions off: entries", "labels.a=b", "sizes.a.width=3", extensions=False),
    case("extensions off: any value", "extra=x", "extra.a=x", ".extra.0", extensions=False),
    case("extensions off: signs", "title:=5", "title@=notes.txt", "sizes/=a", extensions=False),
    case("extensions off: empty values", "title=", "labels=k=", extensions=False),
    case("extensions off: hints", "parts=x", "spec=x", "image=*", "width=3", extensions=False),
]


def files(name: str) -> BodySource:
    if name == "folder":
        raise SourceError("unreadable-file", f"cannot read '{name}': it is a directory")
    if name == "-":
        raise SourceError("stdin-twice", "standard input can be read only once")
    if name not in FILES:
        raise SourceError("no-file", f"cannot read '{name}': No such file or directory")
    return Bytes(FILES[name])


def errors(case: Case) -> ArgumentErrors:
    with pytest.raises(ArgumentErrors) as told:
        build(SCHEMAS[case.schema], case.arguments, files=files, extensions=case.extensions)
    return told.value


def drawn(case: Case) -> str:
    return str(errors(case))


def golden() -> dict[str, str]:
    """What drawings.txt holds, by title."""
    blocks = re.split(r"^=== (.*)\n", DRAWINGS.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {title: text.rstrip("\n") for title, text in zip(blocks[1::2], blocks[2::2], strict=True)}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_drawing(case: Case) -> None:
    assert drawn(case) == golden()[case.title]


def test_there_is_no_drawing_of_anything_else() -> None:
    assert list(golden()) == [case.title for case in CASES]


BEYOND_ARGUMENT_LISTS = {
    *("usage", "unknown-command", "bad-endpoint", "no-body", "empty-body", "missing-field", "changed-file"),
    *("not-a-media-type", "long-quota-user", "field-violation", "against-schema", "bad-schema"),
}


def test_every_kind_that_an_argument_list_can_have_is_drawn() -> None:
    kinds = {problem.kind for case in CASES for problem in errors(case).problems}
    assert kinds == {*get_args(Kind)} - BEYOND_ARGUMENT_LISTS


def test_no_value_that_must_stay_private_is_drawn() -> None:
    assert any("CANARY" in argument for case in CASES for argument in case.arguments)
    assert "CANARY" not in DRAWINGS.read_text(encoding="utf-8")


def main() -> None:
    """Write the drawings anew."""
    DRAWINGS.write_text(
        "".join(f"=== {case.title}\n{drawn(case)}\n\n" for case in CASES).rstrip("\n") + "\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
