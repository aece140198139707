"""What the commands of `cursorkit` do."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from attrs import frozen

from cursorkit.body.build import absent, build
from cursorkit.cli.language_flags import COMMANDS
from cursorkit.cli.output import document
from cursorkit.cli.words import json_document, written
from cursorkit.errors import ArgumentErrors, Problem, SchemaError
from cursorkit.files import STANDARD_INPUT
from cursorkit.schema.types import Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cursorkit.cli.argv import Line
    from cursorkit.cli.service import Service
    from cursorkit.cli.words import Words
    from cursorkit.files import Files
    from cursorkit.schema.types import Json, Schema


@frozen
class Done:
    """What a command came to.

    Attributes:
        output: what it prints.
        advice: what is worth a word, though right.
        problems: what is wrong with the arguments, of which the output tells.
    """

    output: bytes
    advice: tuple[Problem, ...] = ()
    problems: tuple[Problem, ...] = ()


def work(name: str, line: Line, files: Files) -> Done:
    """Carry out the command called `name`, as its command line says.

    Raises:
        ArgumentErrors: with every problem of the whole line.
    """
    problems = [*_misused(name, line)]
    if problems and COMMANDS[name].of_apis:
        # What is written cannot be taken back.
        raise ArgumentErrors(tuple(problems))
    try:
        done = _WORK[name](_schema(line, files), line, files)
    except ArgumentErrors as errors:
        problems += errors.problems
    except SchemaError as error:
        if COMMANDS[name].of_apis:
            raise
        problems.append(Problem("bad-schema", f"--schema: {line.flags.schema}: {error}", label=""))
    if problems:
        raise ArgumentErrors(tuple(problems))
    return done


def _misused(name: str, line: Line) -> Iterator[Problem]:
    """What is wrong with the line itself."""
    command = COMMANDS[name]
    for message, hint in line.complaints:
        yield Problem("usage", message, label="", hint=hint)
    hint = "the words of the language stand behind -r" if command.lists else ""
    for word in _operands(line)[command.operands :]:
        yield Problem("usage", f"unexpected argument '{word}'", label="", hint=hint)


def _operands(line: Line) -> tuple[str, ...]:
    """The words that belong to no flag; behind `--` they belong to `-r`, where there is that."""
    return line.words if line.lists else line.words + line.literal


def _words(line: Line, files: Files) -> Words:
    return written(line.lists["-r"] + line.literal, files)


def _schema(line: Line, files: Files) -> Schema:
    """What `--schema` names; any JSON value without it.

    Raises:
        ArgumentErrors: the file cannot be read, or is no JSON document.
        SchemaError: it is no schema.
    """
    if line.flags.schema is None:
        return Any()
    from cursorkit.schema.json_schema import schema_of

    return schema_of(json_document(line.flags.schema, files, "--schema: "))


def _body(schema: Schema, line: Line, files: Files) -> Done:
    """The value that the words write."""
    words = _words(line, files)
    start = None if line.flags.body is None else json_document(line.flags.body, files, "--body: ")
    try:
        body = build(
            schema,
            words.words,
            files=files,
            extensions=line.flags.extensions,
            start=cast("Json", start),
        )
    except ArgumentErrors as errors:
        raise ArgumentErrors(tuple(map(words.told, errors.problems))) from None
    missing = absent(schema, body.content)
    if missing:
        raise ArgumentErrors(missing)
    return Done(document(body.value, pretty=not line.flags.compact), tuple(map(words.told, body.advice)))


def _explained(schema: Schema, line: Line, files: Files) -> Done:
    """What each word does, and what the value comes to."""
    from cursorkit.body.explain import explain

    explanation = explain(schema, _words(line, files).words)
    text = f"{explanation.text.rstrip()}\n\n{explanation.tree}\n"
    return Done(text.encode(), problems=explanation.problems)


def _printed(schema: Schema, line: Line, files: Files) -> Done:
    """The arguments that write a value: each in a line, or all in a line of a shell."""
    from cursorkit.body.printer import to_arguments
    from cursorkit.language.shell import shell_line

    name = next(iter(_operands(line)), STANDARD_INPUT)
    arguments = to_arguments(cast("Json", json_document(name, files, "")), schema)
    if line.flags.shell:
        # Behind two dashes, a word that begins with one is no flag.
        dashes = ["--"] if any(word.startswith("-") for word in arguments) else []
        return Done(f"{shell_line([*dashes, *arguments])}\n".encode())
    if any("\n" in word for word in arguments):
        message = "an argument holds a line break, and cannot stand in a line of its own"
        raise ArgumentErrors((Problem("usage", message, label="", hint="--shell writes it"),))
    return Done("".join(f"{word}\n" for word in arguments).encode())


def _completed(schema: Schema, line: Line, files: Files) -> Done:
    """The words that the unfinished one may become; not those that would take more than a line."""
    from cursorkit.body.complete import complete

    if line.flags.partial is None:
        raise ArgumentErrors((Problem("usage", "--partial WORD is missing", label=""),))
    candidates = complete(schema, _words(line, files).words, line.flags.partial)
    lines = (f"{each.text}\t{each.description}\n" for each in candidates if each.text.isprintable())
    return Done("".join(lines).encode())


def _found(_schema: Schema, _line: Line, _files: Files) -> Done:
    """The APIs whose documents are found."""
    from cursorkit.cli.describe import apis

    return Done(apis().encode())


def _described(_schema: Schema, line: Line, _files: Files) -> Done:
    """The commands of an API, or the page of one."""
    from cursorkit.cli.describe import describe

    return Done(describe(_api(line), _operands(line)[1:3]).encode())


def _documented(_schema: Schema, line: Line, _files: Files) -> Done:
    """The manual of an API, and where it begins."""
    from cursorkit.cli.manual import write

    api = _api(line)
    if line.flags.folder in {None, "", "-"}:
        raise ArgumentErrors((Problem("usage", "-o DIR is missing, the folder to write to", label=""),))
    return Done(f"{write(api, line.flags.folder)}\n".encode())


def _api(line: Line) -> Service:
    """The API that the first word names, as `cursorkit api` calls it.

    Raises:
        ArgumentErrors: there is no such word.
        SchemaError: there is no such API.
    """
    from cursorkit.cli.service import service

    if not _operands(line):
        raise nameless()
    return service("cursorkit api", _operands(line)[0])


def nameless() -> ArgumentErrors:
    """That a command about an API names none."""
    hint = "'cursorkit apis' lists those that there are; flags stand behind it"
    return ArgumentErrors((Problem("usage", "the name of an API is missing", label="", hint=hint),))


_WORK: dict[str, Callable[[Schema, Line, Files], Done]] = {
    "body": _body,
    "explain": _explained,
    "print": _printed,
    "complete": _completed,
    "apis": _found,
    "describe": _described,
    "docs": _documented,
}
