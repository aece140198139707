"""What others wrote must not speak to the terminal of whoever reads it."""

from __future__ import annotations

import json

import pytest

from cursorkit.testing.answers import answer
from cursorkit.testing.server import Server, replying
from programs import COMMAND, PLACE, on_terminal

ODD = "\x1b]52;c;ZXZpbA==\x07\x1b[2J\x9b2J\u202eevil\u2066\r\x08\x7f"
"""Sets the clipboard, clears the screen in two ways, turns text around, and overwrites it."""

LATIN = ODD.encode("utf-8").decode("latin-1").replace("\r", "")
"""The same in a header field."""


def silent(text: str) -> bool:
    """Whether a terminal does nothing but show it."""
    return all(char.isprintable() or char == "\n" for char in text)


ANSWERS = {
    "the message of an error": answer(403, json.dumps({"error": {"message": ODD}}).encode()),
    "raw in a message": answer(403, json.dumps({"error": {"message": ODD}}, ensure_ascii=False).encode()),
    "a document": answer(200, json.dumps({ODD: ODD}, ensure_ascii=False).encode()),
    "no document": answer(200, ODD.encode(), [("Content-Type", "text/plain")]),
    "fields": answer(404, b"", [("Server", LATIN), ("X-" + LATIN, LATIN), ("Content-Type", LATIN)]),
    "the reason": answer(404).replace(b"Status", ODD.encode()),
    "the status line": b"HTTP/9.9" + ODD.encode() + b"\r\n\r\n",
    "a violation": answer(
        400,
        json.dumps(
            {
                "error": {
                    "message": "no",
                    "details": [
                        {
                            "@type": "type.googleapis.com/google.rpc.BadRequest",
                            "fieldViolations": [{"field": f"data{ODD}", "description": ODD}],
                        }
                    ],
                }
            },
            ensure_ascii=False,
        ).encode(),
    ),
}


@pytest.mark.parametrize("said", ANSWERS)
def test_no_answer_can_speak_to_a_terminal(said: str) -> None:
    with Server(replying(ANSWERS[said])) as server:
        words = ("-r", "content-type=a/b", "data=x", "-p", "key=k", "--", *PLACE)
        shown = on_terminal(
            "--debug", "--retry-for", "0", "--endpoint", server.url, *COMMAND, *words, NO_COLOR="1"
        )
    assert "> POST " in shown
    assert len(server.exchanges) == shown.count("> POST ")
    assert silent(shown), repr(shown)


@pytest.mark.parametrize(
    "argv",
    [
        (ODD,),
        (f"--{ODD}",),
        (*COMMAND, "-r", f"data@={ODD}", "content-type=a/b", "--", *PLACE),
        (*COMMAND, "-r", f"{ODD}=x", ODD, "--", *PLACE),
        (*COMMAND, "-p", f"{ODD}=x", f"quota-user={ODD}", "--", ODD, ODD, ODD),
        (*COMMAND, "-r", "content-type=a/b", "data=x", "-o", f"/{ODD}/x", "--", *PLACE),
        ("--endpoint", f"https://{ODD}", *COMMAND, "--", *PLACE),
        (
            "--endpoint",
            "https://h",
            "--ca-bundle",
            ODD,
            *COMMAND,
            "-r",
            "content-type=a/b",
            "data=x",
            "--",
            *PLACE,
        ),
    ],
)
def test_no_argument_can_speak_to_a_terminal(argv: tuple[str, ...]) -> None:
    shown = on_terminal(*argv, NO_COLOR="1")
    assert "error: " in shown
    assert silent(shown), repr(shown)
