"""`-r` for commands of typer, which come with a click of their own."""

from __future__ import annotations

from functools import wraps
from inspect import signature
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, cast

import typer

from cursorkit.embedding.request import METAVAR, Request, unread_files
from cursorkit.errors import ArgumentErrors

if TYPE_CHECKING:
    from collections.abc import Callable

    from cursorkit.body.values import Files
    from cursorkit.schema.types import Schema

Function = TypeVar("Function", bound="Callable[..., Any]")


def request_option(
    kind: type | Schema,
    *flags: str,
    name: str = "request",
    help: str | None = None,  # noqa: A002 - it is what typer calls it
    files: Callable[[], Files] = unread_files,
) -> Callable[[Function], Function]:
    """Have a command take the words of the language behind a flag, and give the object that they write.

    Each flag takes one word, for typer knows no other options; those of several add up, in order. What is
    wrong with the words is told all at once, in a `typer.BadParameter`. Without the flag the object is that
    of no words at all, which is an error if something has to be set.

    Args:
        kind: an attrs class, for an instance of it; or a schema, for a `Body`.
        flags: what the option is called; `-r` by default.
        name: the parameter of the command's function.
        help: what the object is for; how it is written is told behind it.
        files: makes what opens the files that `@=` names, such as `cursorkit.embedding.local_files`; by
            default none is opened.

    Raises:
        SchemaError: the class cannot be written as arguments.
    """
    request = Request(kind, files)
    declared = flags or ("-r",)

    def offered(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
        words = ctx.params.get(name) or ()
        return [(each.text, each.description) for each in request.complete(words, incomplete)]

    option = typer.Option(
        *declared,
        metavar=METAVAR,
        help=request.help(help),
        show_default=False,
        autocompletion=offered,
    )

    def decorate(function: Function) -> Function:
        @wraps(function)
        def command(**given: object) -> object:
            try:
                made = request.read(cast("list[str]", given[name]))
            except ArgumentErrors as errors:
                raise typer.BadParameter(str(errors), param_hint=" / ".join(map(repr, declared))) from None
            return function(**{**given, name: made})

        before = signature(function, eval_str=True)
        words = before.parameters[name].replace(annotation=Annotated[list[str], option], default=[])
        parameters = [words if each.name == name else each for each in before.parameters.values()]
        # typer reads the signature, and the annotations beside it.
        command.__signature__ = before.replace(parameters=parameters)  # type: ignore[attr-defined]
        command.__annotations__ = {each.name: each.annotation for each in parameters}
        return cast("Function", command)

    return decorate
