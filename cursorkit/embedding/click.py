"""`-r` for commands of click."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.shell_completion import CompletionItem

from cursorkit.embedding.request import METAVAR, Request, unread_files
from cursorkit.errors import ArgumentErrors

if TYPE_CHECKING:
    from collections.abc import Callable

    from cursorkit.body.values import Files
    from cursorkit.schema.types import Schema

Command = TypeVar("Command", bound="Callable[..., Any] | click.Command")


def request_option(
    kind: type | Schema,
    *flags: str,
    name: str = "request",
    help: str | None = None,  # noqa: A002 - it is what click calls it
    files: Callable[[], Files] = unread_files,
    **settings: Any,  # noqa: ANN401 - they are click's
) -> Callable[[Command], Command]:
    """Have a command take the words of the language behind a flag, and give the object that they write.

    Each flag takes all words up to the next one or `--`; those of several add up, in order. What is wrong
    with the words is told all at once, in a `click.BadParameter`. Without the flag the object is that of no
    words at all, which is an error if something has to be set.

    Args:
        kind: an attrs class, for an instance of it; or a schema, for a `Body`.
        flags: what the option is called; `-r` by default.
        name: the parameter of the command's function.
        help: what the object is for; how it is written is told behind it.
        files: makes what opens the files that `@=` names, such as `cursorkit.embedding.local_files`; by
            default none is opened.
        settings: more for `click.option`, such as `required`, `envvar`, or words as the `default`.

    Raises:
        SchemaError: the class cannot be written as arguments.
    """
    request = Request(kind, files)
    return click.option(
        *flags or ("-r",),
        name,
        cls=_RequestOption,
        request=request,
        type=str,
        multiple=True,
        callback=partial(_object, request),
        help=request.help(help),
        **{"metavar": f"{METAVAR}...", **settings},
    )


def _object(request: Request, ctx: click.Context, param: click.Parameter, words: tuple[str, ...]) -> object:
    if ctx.resilient_parsing:
        # Nobody runs the command, and completion asks for the words.
        return words
    try:
        return request.read(words)
    except ArgumentErrors as errors:
        raise click.BadParameter(str(errors), ctx=ctx, param=param) from None


class _Several(int):
    """One, but no fewer than there are: click looks back so many words for the flag of an unfinished one."""

    def __lt__(self, other: int) -> bool:
        return False


class _RequestOption(click.Option):
    def __init__(self, *names: Any, request: Request, **settings: Any) -> None:  # noqa: ANN401 - click's
        super().__init__(*names, **settings)
        self.nargs = _Several(1)
        self.request = request

    def add_to_parser(self, parser: Any, ctx: click.Context) -> None:  # noqa: ANN401 - click names no type
        """Have the parser take all words up to the next flag, where an option takes one."""
        super().add_to_parser(parser, ctx)
        options = [each for each in ctx.command.get_params(ctx) if isinstance(each, click.Option)]
        marks = tuple({flag[0] for each in options for flag in (*each.opts, *each.secondary_opts)})
        # click has no public door to this: `nargs` of options is a fixed number.
        for each in {*parser._short_opt.values(), *parser._long_opt.values()}:  # noqa: SLF001
            if each.obj is self:
                each.process = partial(_process_all, each.process, marks)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """What the unfinished word may become behind those before it."""
        words = ctx.params.get(self.name or "") or ()
        return [
            CompletionItem(each.text, help=each.description)
            for each in self.request.complete(words, incomplete)
        ]


def _process_all(
    process: Callable[[str, Any], None],
    marks: tuple[str, ...],
    word: str,
    state: Any,  # noqa: ANN401 - click names no type
) -> None:
    """Process `word`, and then all those behind it that are no flags."""
    process(word, state)
    while state.rargs and not (state.rargs[0].startswith(marks) and len(state.rargs[0]) > 1):
        process(state.rargs.pop(0), state)
