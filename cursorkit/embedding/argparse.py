"""`-r` for parsers of argparse."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, cast

from cursorkit.embedding.request import METAVAR, Request, unread_files
from cursorkit.errors import ArgumentErrors

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cursorkit.body.values import Files
    from cursorkit.schema.types import Schema


def add_request(
    parser: argparse.ArgumentParser,
    kind: type | Schema,
    *flags: str,
    dest: str = "request",
    required: bool = False,
    default: object = argparse.SUPPRESS,
    help: str | None = None,  # noqa: A002 - it is what argparse calls it
    files: Callable[[], Files] = unread_files,
) -> argparse.Action:
    """Have `parser` take the words of the language behind a flag, and give the object that they write.

    Each flag takes all words up to the next one; those of several add up, in order. When all of the command
    line is parsed, the namespace holds the object. What is wrong with the words is told all at once, as the
    parser tells its own errors.

    Args:
        parser: the parser of the program or of a sub-command; not one that others take as a parent.
        kind: an attrs class, for an instance of it; or a schema, for a `Body`.
        flags: what the option is called; `-r` by default.
        dest: the attribute of the namespace.
        required: whether the flag has to be there.
        default: the object where it is not; by default that of no words at all, which is an error if
            something has to be set.
        help: what the object is for; how it is written is told behind it.
        files: makes what opens the files that `@=` names, such as `cursorkit.embedding.local_files`; by
            default none is opened.

    Raises:
        SchemaError: the class cannot be written as arguments.
    """
    request = Request(kind, files)
    added = parser.add_argument(
        *flags or ("-r",),
        action=_RequestAction,
        parser=parser,
        request=request,
        nargs="+",
        metavar=METAVAR,
        dest=dest,
        required=required,
        default=default,
        help=request.help(help).replace("%", "%%"),
    )
    action = cast("_RequestAction", added)
    # argparse tells no action that the last of its words was parsed.
    ending = _Ending(parser.parse_known_args, action)
    parser.parse_known_args = ending  # type: ignore[method-assign, assignment]
    ending = _Ending(parser.parse_known_intermixed_args, action)
    parser.parse_known_intermixed_args = ending  # type: ignore[method-assign, assignment]
    return action


class _Words(list[str]):
    """What stood behind the flag so far."""


class _RequestAction(argparse.Action):
    def __init__(
        self,
        option_strings: Sequence[str],
        dest: str,
        *,
        parser: argparse.ArgumentParser,
        request: Request,
        **settings: Any,  # noqa: ANN401 - they are argparse's
    ) -> None:
        super().__init__(option_strings, dest, **settings)
        self.parser = parser
        self.request = request

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        if parser is not self.parser:
            raise TypeError(f"add_request was called for a parent of the parser that got {option_string}")
        words = getattr(namespace, self.dest, None)
        if not isinstance(words, _Words):
            words = _Words()
            setattr(namespace, self.dest, words)
        words += values or ()

    def finish(self, namespace: argparse.Namespace) -> None:
        """Put the object in the place of its words."""
        words = getattr(namespace, self.dest, _Words())
        if not isinstance(words, _Words):
            return
        try:
            setattr(namespace, self.dest, self.request.read(words))
        except ArgumentErrors as errors:
            error = argparse.ArgumentError(self, str(errors))
            if self.parser.exit_on_error:
                self.parser.error(str(error))
            raise error from None


class _Ending:
    """A way to parse, and what is to be done then."""

    def __init__(self, parse: Callable[..., Any], action: _RequestAction) -> None:
        self._parse = parse
        self._action = action

    def __call__(
        self,
        args: Sequence[str] | None = None,
        namespace: argparse.Namespace | None = None,
    ) -> tuple[argparse.Namespace, list[str]]:
        """What the parser gives, with the object in it."""
        parsed, rest = self._parse(args, namespace)
        self._action.finish(parsed)
        return parsed, rest
