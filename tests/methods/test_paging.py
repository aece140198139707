"""Pages: one call for each, and what a server can do to lead nowhere."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cursorkit import ArgumentErrors, Verdict, build, pages
from cursorkit.testing.answers import answer
from cursorkit.testing.server import Reset, Server, replying
from cursorkit_transports import Https, Memory, Policy, Retrying
from cursorkit_transports.memory import Reply
from media_apis import method

if TYPE_CHECKING:
    from cursorkit import Page
    from cursorkit.wire import Request

LIST = method("objects.list")


def listing(*answers: Any) -> Memory:
    """A transport that answers with the first of them, then with the next; the last stays."""
    left = list(answers)

    def handler(_request: Request, _body: bytes) -> Reply:
        told = left.pop(0) if len(left) > 1 else left[0]
        return told if isinstance(told, Reply) else Reply(body=json.dumps(told).encode())

    return Memory(handler)


def tokens(memory: Memory) -> list[str]:
    """What each page was asked for by."""
    queries = (parse_qs(urlsplit(request.url).query) for request, _ in memory.sent)
    return ["".join(query.get("pageToken", [])) for query in queries]


def all_of(memory: Memory, **parameters: object) -> list[Page]:
    return list(pages(LIST, {"bucket": "b", **parameters}, None, memory))


def test_pages_follow_each_other_until_there_are_no_more() -> None:
    memory = listing(
        {"items": [{"name": "a"}, {"name": "b"}], "nextPageToken": "t/1 é"},
        {"nextPageToken": "t2", "prefixes": ["p/"]},
        {"items": [{"name": "c"}], "nextPageToken": ""},
    )
    found = all_of(memory, maxResults=2)
    assert [page.items for page in found] == [({"name": "a"}, {"name": "b"}), (), ({"name": "c"},)]
    assert [page.token for page in found] == tokens(memory) == ["", "t/1 é", "t2"]
    assert [page.left_out for page in found] == [(), ("prefixes",), ()]
    assert all("maxResults=2" in request.url for request, _ in memory.sent)
    assert all(page.outcome.verdict is Verdict.DONE for page in found)


def test_a_page_is_asked_for_when_it_is_taken() -> None:
    memory = listing({"nextPageToken": "t1"}, {"nextPageToken": "t2"}, {})
    every = pages(LIST, {"bucket": "b"}, None, memory)
    assert memory.sent == []
    next(every)
    assert len(memory.sent) == 1


def test_it_goes_on_where_it_is_told_to() -> None:
    memory = listing({"nextPageToken": "t2"}, {})
    given = build(LIST.parameters, ["bucket=b", "page-token=t1"])
    assert len(list(pages(LIST, given, None, memory))) == 2
    assert tokens(memory) == ["t1", "t2"]


@given(st.lists(st.lists(st.integers(), max_size=3), min_size=1, max_size=6))
def test_nothing_is_left_out_and_nothing_comes_twice(held: list[list[int]]) -> None:
    answers = [
        {"items": items, **({"nextPageToken": str(number)} if number < len(held) else {})}
        for number, items in enumerate(held, 1)
    ]
    found = all_of(listing(*answers))
    assert [item for page in found for item in page.items] == [item for items in held for item in items]


@pytest.mark.parametrize("length", [1, 2, 5])
def test_a_circle_is_noticed(length: int) -> None:
    answers = [{"items": [each], "nextPageToken": f"t{each}"} for each in range(length)]
    memory = listing({"nextPageToken": "t0"}, *answers[1:], answers[0])
    *came, last = all_of(memory)
    assert len(came) == len(memory.sent) <= length + 1
    assert last.outcome.verdict is Verdict.UNKNOWN
    assert last.outcome.message == "the server leads from page to page in a circle"
    assert last.items == ()


def test_a_server_that_begins_with_the_token_it_was_given() -> None:
    assert len(all_of(listing({"nextPageToken": "t"}), pageToken="t")) == 2


def test_a_page_that_fails_is_the_last() -> None:
    memory = listing({"items": [1], "nextPageToken": "t"}, Reply(404, b'{"error": {"message": "Gone."}}'))
    first, second = all_of(memory)
    assert first.items == (1,)
    assert second.outcome.verdict is Verdict.REFUSED
    assert (second.items, second.token) == ((), "t")


@pytest.mark.parametrize(
    "nonsense", [[], "text", {"items": "a"}, {"items": 5}, {"nextPageToken": 5}, {"nextPageToken": ["t"]}]
)
def test_what_is_no_page(nonsense: object) -> None:
    (page,) = all_of(listing(nonsense))
    assert page.outcome.verdict is Verdict.UNKNOWN
    assert page.outcome.message == "what the server answered is no page"


def test_each_page_has_its_own_attempts() -> None:
    first = answer(200, b'{"items": [1], "nextPageToken": "t"}')
    second = answer(200, b'{"items": [2]}')
    lost, busy = replying(b"", Reset()), replying(answer(503, b""))
    with Server(lost, replying(first), busy, lost, replying(second)) as server:
        transport = Retrying(Https(), Policy(first=0))
        found = list(pages(method("objects.list", server.url), {"bucket": "b"}, None, transport))
        transport.close()
    assert [page.items for page in found] == [(1,), (2,)]


def test_entries_of_maps_are_items() -> None:
    memory = listing({"items": {"zone-a": {"name": "x"}, "zone-b": {}}})
    (page,) = pages(method("objects.aggregatedList"), {"bucket": "b"}, None, memory)
    assert page.items == ({"zone-a": {"name": "x"}}, {"zone-b": {}})


def test_what_documents_say_of_pages() -> None:
    paging = LIST.paging
    assert paging is not None
    assert (paging.items, paging.others) == ("items", ("prefixes",))
    assert method("objects.pairs").paging is None
    assert method("objects.get").paging is None


@pytest.mark.parametrize(
    ("name", "parameters", "told"),
    [
        ("objects.pairs", {}, "the answers of things.objects.pairs are no pages of one list"),
        ("objects.list", {"fields": "items(name)"}, "leaves out nextPageToken"),
        ("objects.list", {"alt": "media"}, "'alt' says otherwise"),
    ],
)
def test_what_cannot_be_taken_page_by_page(name: str, parameters: dict[str, object], told: str) -> None:
    with pytest.raises(ArgumentErrors, match=told):
        pages(method(name), {"bucket": "b", **parameters}, None, Memory())


@pytest.mark.parametrize("fields", ["*", "nextPageToken,items(name)"])
def test_fields_that_lead_on(fields: str) -> None:
    assert all_of(listing({"items": [1]}), fields=fields, alt="json")
