"""Answers in pages: one call for each, until there are no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from attrs import evolve, field, frozen

from cursorkit.errors import ArgumentErrors, Problem
from cursorkit.methods.call import call, gathered
from cursorkit.methods.outcome import Outcome, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cursorkit.body.build import Body
    from cursorkit.methods.method import Method
    from cursorkit.schema.types import Content, Json
    from cursorkit.wire.transport import Transport


@frozen
class Paging:
    """How answers that are pages hold what was asked for.

    Attributes:
        items: the wire name of the list, or of the map, of a page.
        others: the wire names of other lists and maps in it.
    """

    items: str
    others: tuple[str, ...] = ()


@frozen
class Page:
    """One page.

    Attributes:
        outcome: what came of asking for it; where it is not done, there is no further page.
        items: what it holds. Of a map, each is a structure of one entry. They do not show in `repr`.
        token: what it was asked for by, as the parameter `pageToken`; empty for the first.
        left_out: the names of other lists and maps that hold something.
    """

    outcome: Outcome
    items: tuple[Json, ...] = field(default=(), repr=False)
    token: str = ""
    left_out: tuple[str, ...] = ()


def pages(
    method: Method,
    parameters: Body | Mapping[str, object],
    body: object,
    transport: Transport,
    *,
    ask_again: bool = True,
) -> Iterator[Page]:
    """The pages of `method`, each asked for when it is taken.

    Args:
        method: one whose answers are pages.
        parameters: as for `call`.
        body: as for `call`.
        transport: as for `call`.
        ask_again: as for `call`.

    Raises:
        ArgumentErrors: nothing was sent, because of everything that it lists.
    """
    paging = method.paging
    given, carried = gathered(method, parameters, body)
    values = cast("dict[str, Content]", given.content)
    problems = tuple(refusals(method, values))
    if paging is None or problems:
        raise ArgumentErrors(problems)

    def ask(values: Body) -> Outcome:
        return call(method, values, carried, transport, ask_again=ask_again)

    return _pages(ask, paging, given)


def refusals(method: Method, parameters: Mapping[str, Content]) -> Iterator[Problem]:
    """Why the answers of `method` are no pages that could be taken one after the other."""
    if method.paging is None:
        yield Problem("usage", f"the answers of {method.id} are no pages of one list", label="")
    fields = parameters.get("fields")
    if isinstance(fields, str) and not ("nextPageToken" in fields or "*" in fields):
        message = "the parameter 'fields' leaves out nextPageToken, without which no page leads to the next"
        yield Problem("usage", message, label="")
    if parameters.get("alt", "json") != "json":
        yield Problem("usage", "pages are asked for as JSON, and 'alt' says otherwise", label="")


def _pages(ask: Callable[[Body], Outcome], paging: Paging, given: Body) -> Iterator[Page]:
    values = cast("dict[str, Content]", given.content)
    token = str(values.get("pageToken", ""))
    asked: set[str] = set()
    while True:
        asked |= {token} - {""}
        page, following = _read(paging, token, ask(given))
        yield page
        if following in asked:
            message = "the server leads from page to page in a circle"
            yield Page(Outcome(Verdict.UNKNOWN, message=message))
            return
        if not following:
            return
        token = following
        given = evolve(given, content={**values, "pageToken": token})


def _read(paging: Paging, token: str, outcome: Outcome) -> tuple[Page, str]:
    """The page that came, and the token of the next one; empty where there is none."""
    if outcome.verdict is not Verdict.DONE:
        return Page(outcome, token=token), ""
    answer = outcome.value if isinstance(outcome.value, dict) else None
    held = (answer or {}).get(paging.items)
    following = (answer or {}).get("nextPageToken")
    if answer is None or not isinstance(held, list | dict | None) or not isinstance(following, str | None):
        message = "what the server answered is no page"
        return Page(Outcome(Verdict.UNKNOWN, message=message), token=token), ""
    items = [{key: value} for key, value in held.items()] if isinstance(held, dict) else held or []
    left_out = tuple(name for name in paging.others if answer.get(name))
    return Page(outcome, tuple(items), token, left_out), following or ""
