"""Documents that are not sound, and hostile ones: each is refused in words, or works and leads nowhere."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cursorkit.apis import HEALTHCARE, read
from cursorkit.apis.outline import arguments
from cursorkit.apis.outline import body as outline
from cursorkit.apis.samples import sample
from cursorkit.body.build import build
from cursorkit.cli.commands import commands, positionals
from cursorkit.cli.help import page
from cursorkit.cli.language import main
from cursorkit.cli.service import service
from cursorkit.errors import ArgumentErrors, SchemaError
from cursorkit.methods.call import prepare
from cursorkit.methods.discovery import Methods
from cursorkit.schema.document import needed
from documents import changed, everything, written
from programs import Run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cursorkit.schema.document import Document

ROOT = "https://shelves.googleapis.com/shelves/v1/"
PROGRAM = Path(sys.executable).with_name("cursorkit")
BOOKS = ("resources", "books", "methods")
CREATE = (*BOOKS, "create")
BOOK = ("schemas", "Book", "properties")


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    return Run(main, capfd)


# --- what there is to be done with a document ---------------------------------------------------------------


def used(document: Document) -> Iterator[str]:
    """Do with each method all that programs do before they send; give the URLs."""
    methods = Methods(document)
    for level in commands(document).values():
        for node in level.values():
            method = methods.named(needed(node, "id"))
            given = {name: _value(node["parameters"][name]) for name in positionals(node)}
            content = None
            if method.request is not None:
                whole = outline(document, node)
                assert whole is not None
                try:
                    content = build(method.request.schema, [*arguments(whole)])
                except ArgumentErrors:
                    content = build(method.request.schema, [])
            try:
                yield prepare(method, given, content, allow_empty=True).url
            except ArgumentErrors as errors:
                in_words(errors)


def _value(parameter: Document) -> str:
    return sample(parameter) if parameter.get("type") in SCALARS else "1"


SCALARS = ("string", "boolean", "integer", "number")


def in_words(error: Exception) -> None:
    """What is wrong is told, and says nothing to a terminal."""
    assert str(error)
    assert str(error).replace("\n", "").isprintable()


def refused(document: Document) -> str:
    """What is said of a document that no method can be called of."""
    with pytest.raises(SchemaError) as error:
        list(used(document))
    return str(error.value)


def served(run: Run, path: str, *argv: str) -> str:
    """What the program says; of a document that is not sound, the same as it would say at its end."""
    try:
        result = run("api", path, *argv)
    except SchemaError as error:
        return str(error)
    assert result.code in {0, 2}
    assert result.out.replace("\n", "").isprintable()
    assert result.err.replace("\n", "").isprintable()
    if "--dry-run" in argv and result.code == 0:
        assert result.json["url"].startswith(ROOT)
    return result.out + result.err


def test_the_sound_one_works() -> None:
    paths = ("ping", "shelves/a/books", "text/books/1:move", "text")
    assert [*used(everything())] == [f"{ROOT}{path}" for path in paths]


# --- files that hold no document ----------------------------------------------------------------------------

SOUND = json.dumps(everything()).encode()

NO_DOCUMENTS = {
    "nothing": b"",
    "half of one": SOUND[: len(SOUND) // 2],
    "not UTF-8": b'{"rootUrl": "\xff"}',
    "no JSON": b"rootUrl: https://a/",
    "deep JSON": b'{"rootUrl":' + b"[" * 100_000,
    "deep structures": b'{"a":' * 100_000,
    "a number without end": b'{"rootUrl": ' + b"9" * 10_000 + b"}",
    "a list": b"[1]",
    "a text": b'"rootUrl"',
    "null": b"null",
    "JSON of something else": b'{"openapi": "3.0.0"}',
    "another root": json.dumps(changed("rootUrl", to=["https://a/"])).encode(),
    "no name": json.dumps(changed("name", to=None)).encode(),
    "a name that is a path": json.dumps(changed("name", to="../../etc/passwd")).encode(),
    "a version that is a path": json.dumps(changed("version", to="v1/../..")).encode(),
    "a name in colours": json.dumps(changed("name", to="\x1b[31ma")).encode(),
    "zeros": bytes(1_000),
    "compressed": b"\x1f\x8b\x08\x00",
}


@pytest.mark.parametrize("kind", NO_DOCUMENTS)
def test_a_file_that_holds_none(run: Run, tmp_path: Path, kind: str) -> None:
    path = written(tmp_path, NO_DOCUMENTS[kind])
    with pytest.raises(SchemaError) as error:
        read(path)
    assert str(error.value).isprintable()
    assert served(run, path, "--help") == str(error.value)


def test_it_may_begin_with_a_byte_order_mark_and_be_in_utf_16(tmp_path: Path) -> None:
    for content in (b"\xef\xbb\xbf" + SOUND, SOUND.decode().encode("utf-16")):
        assert read(written(tmp_path, content))["name"] == "shelves"


def test_of_keys_that_stand_twice_the_last_counts(tmp_path: Path) -> None:
    twice = SOUND[:-1] + b', "title": "Another"}'
    assert read(written(tmp_path, twice))["title"] == "Another"


def test_the_program_ends_with_a_line_and_no_traceback(tmp_path: Path) -> None:
    path = written(tmp_path, b"{")
    child = subprocess.run([PROGRAM, "api", path, "--help"], capture_output=True, text=True, timeout=60)
    assert (child.returncode, child.stdout) == (2, "")
    assert re.fullmatch(
        r"error: cannot read '.*' as the description of an API: it is no JSON .*\n", child.stderr
    )


@pytest.mark.parametrize("cut", range(0, len(SOUND), 97))
def test_one_that_is_cut_anywhere(tmp_path: Path, cut: int) -> None:
    with pytest.raises(SchemaError, match="no JSON document"):
        read(written(tmp_path, SOUND[:cut]))


# --- one thing is wrong -------------------------------------------------------------------------------------

ROOTS = (
    "http://shelves.googleapis.com/",
    "file:///etc/",
    "https://me:secret@shelves.googleapis.com/",
    "https://shelves.googleapis.com/?a=",
    "https://shelves.googleapis.com/#",
    "https://shelves.googleapis.com",
    "https://shelves.googleapis.com/a/../",
    "https://shelves.googleapis.com\\@elsewhere/",
    "https://shelves.googleapis.com/\r\nX: y/",
    "https:///",
    "//shelves.googleapis.com/",
    "",
)


@pytest.mark.parametrize("root", ROOTS)
def test_a_root_that_is_none(run: Run, tmp_path: Path, root: str) -> None:
    document = changed("rootUrl", to=root)
    if not root.startswith("http:"):
        document["servicePath"] = ""
        assert "rootUrl" in refused(document)
    path = written(tmp_path, document)
    told = served(run, path, "methods", "ping", "--dry-run")
    assert "rootUrl" in told or "its root is no https:// URL" in told


@pytest.mark.parametrize("path", ["../", "a/../b/", "?a=", "#", "//", "a b/", "@elsewhere", "a", "\n/"])
def test_a_service_path_that_leads_elsewhere(path: str) -> None:
    document = changed("servicePath", to=path)
    if path == "//":
        assert all(url.startswith("https://shelves.googleapis.com/") for url in used(document))
    else:
        assert "servicePath" in refused(document)


TEMPLATES = {
    "{parent*}": "'path' is no path",
    "{/parent}": "'path' is no path",
    "{?parent}": "'path' is no path",
    "{parent": "'path' is no path",
    "parent}": "'path' is no path",
    "{}": "'path' is no path",
    "{{parent}}": "'path' is no path",
    "../{parent}": "'path' is no path",
    "{parent}/..": "'path' is no path",
    "a/./{parent}": "'path' is no path",
    "{parent}?key=1": "'path' is no path",
    "{parent}#": "'path' is no path",
    "{parent}\r\nX: y": "'path' is no path",
    "{parent}\n": "'path' is no path",
    "%2e%2e/{parent}": "'path' is no path",
    "a b/{parent}": "'path' is no path",
    "{parent}/\x1b[31m": "'path' is no path",
    "{y}": "'path' has a place for 'y', which is no parameter",
    "{+y}/{parent}": "'path' has a place for 'y', which is no parameter",
}


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_path_that_is_none(template: str) -> None:
    told = refused(changed(*CREATE, "path", to=template))
    assert told == f"the document is not sound: {TEMPLATES[template]} in 'shelves.books.create'"


@pytest.mark.parametrize(
    "verb", ["", "get", "CONNECT", "TRACE", "GET / HTTP/1.1\r\nX: y", "GET\n", "ÄÖ", "X" * 99]
)
def test_a_verb_that_is_none(verb: str) -> None:
    assert "'httpMethod' is none" in refused(changed(*CREATE, "httpMethod", to=verb))


PARTS: dict[str, tuple[tuple[str, ...], Any, str]] = {
    "resources as a list": (("resources",), [], "'resources' is not a structure"),
    "a resource as a text": (("resources", "books"), "x", "'books' is not a structure"),
    "methods as a list": (BOOKS, [1], "'methods' is not a structure"),
    "a method as null": (CREATE, None, "'id' is missing"),
    "no id": ((*CREATE, "id"), 7, "'id' is not a text"),
    "null for an id": ((*CREATE, "id"), None, "'id' is missing"),
    "one id twice": ((*CREATE, "id"), "shelves.books.move", "two methods have one id"),
    "no path": ((*CREATE, "path"), True, "'path' is not a text"),
    "scopes that are none": ((*CREATE, "scopes"), [1], "'scopes' holds something that is no text"),
    "an order that is none": ((*CREATE, "parameterOrder"), "parent", "'parameterOrder' is not a list"),
    "parameters as a list": ((*CREATE, "parameters"), [], "'parameters' is not a structure"),
    "a request as a text": ((*CREATE, "request"), "Book", "'request' is not a structure"),
    "a request nowhere": ((*CREATE, "request"), {"$ref": "Nobody"}, "no schema 'Nobody'"),
    "a response as a list": ((*CREATE, "response"), [], "'response' is not a structure"),
    "schemas as a list": (("schemas",), [], "'schemas' is not a structure"),
    "a schema as a number": (("schemas", "Book"), 1, "'Book' is not a structure"),
    "a name in colours": ((*BOOK, "\x1b[2J"), 1, "'\\x1b[2J' is not a structure"),
    "properties as a list": (BOOK, ["title"], "'properties' is not a structure"),
    "an unknown type": ((*BOOK, "title", "type"), "text", "the type 'text' is unknown"),
    "a type in colours": ((*BOOK, "title", "type"), "\x1b[31m", "the type '\\x1b[31m' is unknown"),
    "a type of ours": ((*BOOK, "title", "type"), "raw", "the type 'raw' is unknown"),
    "a type that is none": ((*BOOK, "title", "type"), ["string"], "'type' is not a text"),
    "enum of numbers": ((*BOOK, "state", "enum"), [1], "'enum' holds something that is no text"),
    "no bound": ((*BOOK, "pages", "minimum"), "few", "'minimum' is no integer"),
    "a bound that is a number": ((*BOOK, "pages", "maximum"), 5, "'maximum' is not a text"),
    "a bound too long": ((*BOOK, "pages", "maximum"), "9" * 10_000, "'maximum' is no integer"),
    "no pattern": ((*BOOK, "code", "pattern"), "(", "'pattern' is no regular expression"),
    "a pattern too large": ((*BOOK, "code", "pattern"), "a{99999999999}", "'pattern' is no regular"),
    "a pattern too deep": ((*BOOK, "code", "pattern"), "(" * 5000 + ")" * 5000, "'pattern' is no regular"),
    "a list of itself": (("schemas", "Book"), {"type": "array", "items": {"$ref": "Book"}}, "64 levels"),
    "a map of itself": (
        ("schemas", "Book"),
        {"type": "object", "additionalProperties": {"$ref": "Book"}},
        "64 levels",
    ),
    "itself": (("schemas", "Book"), {"$ref": "Book"}, "64 levels"),
    "a parameter that is itself": ((*CREATE, "parameters", "parent"), {"$ref": "Book"}, "no scalar"),
    "a list in the path": ((*CREATE, "parameters", "parent", "repeated"), True, "no scalar"),
    "repeated that is no flag": ((*CREATE, "parameters", "parent", "repeated"), "yes", "not true or false"),
    "secret that is no flag": ((*BOOK, "title", "secret"), "yes", "'secret' is not true or false"),
    "advice that is a text": ((*BOOK, "title", "advice"), "be good", "'advice' is not a list"),
    "advice of texts": ((*BOOK, "title", "advice"), ["be good"], "'advice' holds something that is no str"),
    "advice without words": ((*BOOK, "title", "advice"), [{"kind": "x", "pattern": "x"}], "'message' is m"),
    "advice of too much": (
        (*BOOK, "title", "advice"),
        [{"kind": "x", "pattern": "(", "message": "x", "more": 1}],
        "'pattern' is no regular expression",
    ),
    "synonyms that are none": ((*BOOK, "title", "synonyms"), {"a": 1}, "'a' is not a text"),
    "an answer nobody knows": ((*CREATE, "answer"), "os:system", "nobody knows how to read answers of the"),
    "an answer that is a list": ((*CREATE, "answer"), ["dicom-store"], "'answer' is not a text"),
}


@pytest.mark.parametrize("kind", PARTS)
def test_a_part_that_is_not_what_it_should_be(run: Run, tmp_path: Path, kind: str) -> None:
    path, value, told = PARTS[kind]
    document = changed(*path, to=value)
    assert told in refused(document)
    name = written(tmp_path, document)
    for argv in ((), ("--help",), ("books", "create", "--help"), ("books", "create", "a", "--dry-run")):
        served(run, name, *argv)


def test_two_commands_of_one_name() -> None:
    document = everything()
    ping = document["methods"]["ping"]
    document["resources"] = {
        "a": {
            "methods": {"b-c": {**ping, "id": "1"}},
            "resources": {"b": {"methods": {"c": {**ping, "id": "2"}}}},
        }
    }
    assert "two commands have one name" in refused(document)


def test_resources_in_each_other() -> None:
    document = everything()
    inner: dict[str, Any] = {"methods": {"m": document["methods"]["ping"]}}
    for _ in range(300):
        inner = {"resources": {"r": inner}}
    document.update(inner)
    assert "there are more than 64 levels of resources" in refused(document)


# --- names --------------------------------------------------------------------------------------------------

REFUSED_NAMES = [
    "",
    "a=b",
    "a:b",
    "@type",
    "a/b",
    "../..",
    "a+",
    "\x1b[31m",
    "a\nb",
    "\x00",
    "\ud800",
    "\u202eb",
]
ODD_NAMES = [
    "a b",
    " ",
    "-",
    "--help",
    "-o",
    "a.b",
    "..",
    "%s",
    "%(prog)s",
    "ä",
    "x" * 100_000,
    "0",
    "$",
    "'",
]


@pytest.mark.parametrize("name", REFUSED_NAMES)
def test_a_field_and_a_parameter_with_a_name_that_no_argument_can_spell(name: str) -> None:
    assert "the name " in refused(changed(*BOOK, name, to={"type": "string"}))
    assert "the name " in refused(changed(*CREATE, "parameters", name, to={"type": "string"}))


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names_of_fields_and_parameters(name: str) -> None:
    parameter = changed(*CREATE, "parameters", name, to={"type": "string"})
    assert all(url.startswith(ROOT) for url in used(parameter))
    field = changed(*BOOK, name, to={"type": "string"})
    if "." in name:
        assert "holds a dot" in refused(field)
    else:
        assert all(url.startswith(ROOT) for url in used(field))


def test_names_that_are_one_on_the_command_line() -> None:
    for place in (BOOK, (*CREATE, "parameters")):
        document = changed(*place, "displayName", to={"type": "string"})
        part: Any = document
        for key in place:
            part = part[key]
        part["display_name"] = {"type": "string"}
        assert refused(document) == "two names of the document are both spelled 'display-name'"


@pytest.mark.parametrize("name", [*REFUSED_NAMES, *ODD_NAMES])
def test_hostile_names_of_resources_methods_and_schemas(run: Run, tmp_path: Path, name: str) -> None:
    document = everything()
    create = document["resources"]["books"]["methods"].pop("create")
    create["request"] = {"$ref": name}
    document["schemas"][name] = document["schemas"]["Book"]
    document["resources"][name] = {"methods": {name: create}}
    path = written(tmp_path, document)
    for argv in ((), ("--help",), (name, name, "--help"), ("--dry-run", "--", name, name, "shelves/a")):
        served(run, path, *argv)
    resource, (command,) = [*commands(read(path)).items()][-1]
    assert f"{ROOT}shelves/a/books" in served(
        run, path, "--dry-run", "-r", "title=x", "--", resource, command, "shelves/a"
    )


def test_nothing_in_a_document_speaks_to_the_terminal(run: Run, tmp_path: Path) -> None:
    document = everything()
    hostile = "\x1b]0;owned\x07 %(prog)s %d %"

    def spoil(part: Any) -> Any:
        if isinstance(part, dict):
            return {
                key: hostile if key in {"description", "title"} and isinstance(each, str) else spoil(each)
                for key, each in part.items()
            }
        return part

    path = written(tmp_path, spoil(document))
    for argv in (
        ("--help",),
        ("books", "--help"),
        ("books", "create", "--help"),
        ("books", "pages-scan", "--help"),
    ):
        assert "\\x1b]0;owned\\x07" in served(run, path, *argv)


# --- what only overlays say ---------------------------------------------------------------------------------


def test_words_of_overlays_in_a_foreign_document_do_no_harm(run: Run, tmp_path: Path) -> None:
    document = changed(*BOOK, "title", "secret", to=True)
    title = document["schemas"]["Book"]["properties"]["title"]
    title["synonyms"] = {"x": "../.."}
    title["advice"] = [{"kind": "no-such-kind", "pattern": "y", "message": "\x1b[31mbe y"}]
    parent = document["resources"]["books"]["methods"]["create"]["parameters"]["parent"]
    parent["synonyms"] = {"shelves/x": "shelves/.."}
    path = written(tmp_path, document)
    result = run("api", path, "books", "create", "shelves/a", "-r", "title=x", "--dry-run")
    assert result.json["url"] == f"{ROOT}shelves/a/books"
    assert (
        result.err == "warning: -r argument 1: \\x1b[31mbe y\n    title=***\n          ^^^\n"
        or "be y" in result.err
    )
    assert "\x1b" not in result.err
    led = run("api", path, "books", "create", "shelves/x", "-r", "title=x", "--dry-run")
    assert led.code == 2
    assert "the segment '..' is not allowed in a path" in led.err


@pytest.mark.parametrize("value", ["..", "a/../b", "a//b", "a?b", "a#b", "a\r\nb", "", "/", "%2e%2e", "\\"])
def test_no_parameter_leads_below_the_root(value: str) -> None:
    document = changed(*CREATE, "path", to="{+parent}")
    document["resources"]["books"]["methods"]["create"]["parameters"]["parent"] = {"type": "string"}
    method = Methods(document).named("shelves.books.create")
    with pytest.raises(ArgumentErrors):
        prepare(method, {"parent": value}, {"title": "x"})


def test_what_the_path_has_a_place_for_is_needed_whatever_is_said_of_it() -> None:
    document = changed(*CREATE, "parameters", "parent", to={"type": "string", "location": "query"})
    method = Methods(document).named("shelves.books.create")
    with pytest.raises(ArgumentErrors) as errors:
        prepare(method, {}, {"title": "x"})
    (problem,) = errors.value.problems
    assert problem.kind == "missing-field"
    assert prepare(method, {"parent": "a"}, {"title": "x"}).url == f"{ROOT}a/books"


def test_what_is_ordered_need_not_be_a_parameter_nor_in_the_path(run: Run, tmp_path: Path) -> None:
    document = changed(*CREATE, "parameterOrder", to=["nobody", "x-kind", "parent"])
    document["resources"]["books"]["methods"]["create"]["parameters"]["x-kind"]["required"] = True
    words = ("books", "create", "k", "shelves/a", "-r", "title=x", "--dry-run")
    result = run("api", written(tmp_path, document), *words)
    assert result.json["url"] == f"{ROOT}shelves/a/books?x-kind=k"


def test_bytes_in_a_path_are_not_nothing() -> None:
    document = changed(*CREATE, "path", to=".{parent}.")
    parent = {"type": "string", "format": "byte"}
    document["resources"]["books"]["methods"]["create"]["parameters"]["parent"] = parent
    method = Methods(document).named("shelves.books.create")
    with pytest.raises(ArgumentErrors, match="an empty segment"):
        prepare(method, {"parent": b""}, {"title": "x"})
    assert prepare(method, {"parent": "AA=="}, {"title": "x"}).url == f"{ROOT}.AA%3D%3D."


def test_a_value_that_an_evil_pattern_takes_for_ever_can_be_interrupted(tmp_path: Path) -> None:
    # Patterns are the author's, and carried out as they are: whoever waits for one can end it.
    path = written(tmp_path, changed(*BOOK, "code", "pattern", to="^(a+)+$"))
    words = ("books", "create", "shelves/a", "-r", "title=x", f"code={'a' * 60}!", "--dry-run")
    child = subprocess.Popen([PROGRAM, "api", path, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(1)
    assert child.poll() is None
    os.kill(child.pid, signal.SIGINT)
    _, err = child.communicate(timeout=30)
    assert (child.returncode, b"Traceback" in err) == (-signal.SIGINT, False)


def test_help_draws_no_sample_from_an_evil_pattern(run: Run, tmp_path: Path) -> None:
    path = written(tmp_path, changed(*BOOK, "code", "pattern", to="^(a+)+$"))
    assert "code" in served(run, path, "books", "create", "--help")


# --- anything is wrong --------------------------------------------------------------------------------------

_HOSTILE = st.sampled_from(
    [
        "",
        "..",
        "a/../b",
        "\x1b[2J",
        "\r\n",
        "{x}",
        "{+parent}",
        "%(prog)s",
        "Book",
        "\ud800",
        "$ref",
        "GET",
        "[",
        "-1",
    ]
)
_SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8) | _HOSTILE
)
_KEYS = _HOSTILE | st.sampled_from(
    [
        "$ref",
        "type",
        "properties",
        "items",
        "additionalProperties",
        "enum",
        "format",
        "pattern",
        "advice",
        "secret",
        "synonyms",
        "answer",
        "refusal",
        "id",
        "methods",
        "resources",
        "repeated",
        "required",
        "location",
        "readOnly",
    ]
)
JSON: st.SearchStrategy[Any] = st.recursive(
    _SCALARS | st.sampled_from(["string", "array", "object", "any", "integer"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=6,
)


def places(part: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if way:
        yield way
    for step, each in (
        part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    ):
        yield from places(each, (*way, step))


@st.composite
def spoiled(draw: st.DrawFn, sound: str, ways: list[tuple[Any, ...]]) -> Any:
    """A document of which some parts are gone, stand elsewhere too, or are anything else."""
    document = json.loads(sound)
    for _ in range(draw(st.integers(1, 3))):
        *upper, last = draw(st.sampled_from(ways))
        part = document
        try:
            for step in upper:
                part = part[step]
            match draw(st.sampled_from(["replace", "add", "delete", "move"])):
                case "replace":
                    part[last] = draw(JSON)
                case "add":
                    part[draw(_KEYS)] = draw(JSON)
                case "delete":
                    del part[last]
                case "move":
                    part[last] = at(document, draw(st.sampled_from(ways)))
        except (KeyError, IndexError, TypeError):
            continue  # what was changed before has taken the place away
    return document


def at(part: Any, way: tuple[Any, ...]) -> Any:
    for step in way:
        part = part[step]
    return json.loads(json.dumps(part))


WAYS = [*places(everything())]


@settings(max_examples=300)
@given(spoiled(SOUND.decode(), WAYS))
def test_whatever_is_wrong_with_a_small_one(tmp_path_factory: pytest.TempPathFactory, document: Any) -> None:
    path = written(tmp_path_factory.mktemp("spoiled"), document)
    try:
        found = service("cursorkit api", path)
        for resource, below in commands(found.document).items():
            for words in ((), (resource,), *((resource, name) for name in below)):
                assert page(found, words)
        for url in used(found.document):
            assert url.startswith(found.document["rootUrl"])
    except SchemaError as error:
        in_words(error)


def test_what_is_spoiled_is_sound_at_times_and_not_at_others() -> None:
    found = {True: 0, False: 0}

    @settings(max_examples=100, database=None)
    @given(spoiled(SOUND.decode(), WAYS))
    def judge(document: Any) -> None:
        try:
            list(used(document))
        except SchemaError:
            found[False] += 1
        else:
            found[True] += 1

    judge()
    assert min(found.values()) > 10


LARGE = json.dumps(read(HEALTHCARE))
LARGE_WAYS = [*places(json.loads(LARGE))]


@settings(max_examples=25)
@given(spoiled(LARGE, LARGE_WAYS))
def test_whatever_is_wrong_with_a_real_one(document: Any) -> None:
    try:
        for url in used(document):
            assert url.startswith(document["rootUrl"])
    except SchemaError as error:
        in_words(error)
