"""`-r` in commands of typer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import pytest
import typer
from typer.testing import CliRunner

from cursorkit import SchemaError
from cursorkit.embedding import local_files
from cursorkit.embedding.typer import request_option
from cursorkit.schema.types import List, Scalar
from deployments import Deployment, Spec

if TYPE_CHECKING:
    from pathlib import Path


def called(
    *argv: str, kind: Any = Deployment, flags: tuple[str, ...] = (), **settings: Any
) -> tuple[int, Any]:
    """The exit code of a command, and what it was called with, or what typer said instead."""
    app = typer.Typer(rich_markup_mode=None, add_completion=False)
    calls: list[dict[str, Any]] = []

    @app.command("deploy")
    @request_option(kind, *flags, **settings)
    def deploy(request: Any, cluster: str = "west", dry_run: bool = False) -> None:
        """Deploy something."""
        calls.append({"request": request, "cluster": cluster, "dry_run": dry_run})

    result = CliRunner().invoke(app, argv, prog_name="deploy")
    assert result.stdout == "" or "--help" in argv
    return result.exit_code, calls[0] if calls else result.output


def test_words_add_up_in_their_order() -> None:
    line = "-r name=a -r spec --dry-run -r replica-count=2 --cluster east -r ..tags=x"
    made = {"request": Deployment("a", Spec(2), ["x"]), "cluster": "east", "dry_run": True}
    assert called(*line.split()) == (0, made)


def test_every_mistake_is_told_at_once_in_the_words_of_typer() -> None:
    code, told = called("-r", "spec", "-r", "imge=x", "-r", "replica-count=a")
    assert code == 2
    assert told == (
        "Usage: deploy [OPTIONS]\nTry 'deploy --help' for help.\n\n"
        "Error: Invalid value for '-r': word 2: unknown field 'imge' in Spec\n"
        "    spec imge=…\n"
        "         ^^^^\n"
        "    cursor: .spec (Spec)   did you mean 'image'?   fields here: replica-count, image\n"
        "word 3: a whole number is expected, such as 42\n"
        "    spec replica-count=a\n"
        "                       ^\n"
        "    cursor: .spec (Spec)\n"
    )


def test_without_words_nothing_is_set() -> None:
    assert called(kind=List(Scalar("string")))[1]["request"].value == []
    code, told = called(flags=("-b", "--body"))
    assert code == 2
    assert told.endswith("Invalid value for '-b' / '--body': field 'name' is missing in Deployment\n")


def test_what_cannot_be_mapped_is_told_by_the_decorator() -> None:
    with pytest.raises(SchemaError, match=r"Odd\.it: complex is neither"):
        request_option(attrs.make_class("Odd", {"it": attrs.field(type=complex)}))


def test_files_are_opened_only_where_the_program_says_so(tmp_path: Path) -> None:
    (tmp_path / "name").write_text("a")
    argv = ["-r", f"name@={tmp_path / 'name'}"]
    assert "word 1: files are not read here" in called(*argv)[1]
    assert called(*argv, files=local_files)[1]["request"] == Deployment("a")


def test_help_tells_of_the_structure() -> None:
    told = " ".join(called("--help", help="what to deploy")[1].split())
    assert "Deploy something." in told
    assert (
        "-r WORD what to deploy: NAME=VALUE sets a field, NAME moves into one, .. back up; fields: name"
        in told
    )


def test_completion_offers_what_can_follow() -> None:
    app = typer.Typer()

    @app.command("deploy")
    @request_option(Deployment)
    def deploy(request: Any) -> None:
        raise AssertionError

    for line, offered in {"-r name=x -r spec -r im": "image=", "-r ": "name="}.items():
        env = {"_DEPLOY_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": f"deploy {line}"}
        assert f'"{offered}"' in CliRunner().invoke(app, env=env, prog_name="deploy").output
