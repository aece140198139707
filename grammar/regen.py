"""Write the module that carries `cursor.lark` inside the package; `--check` only compares.

With the grammar it carries what the grammar makes of the usual heads, so that a program of which more is not
asked does not have to make a parser first.
"""

from __future__ import annotations

import sys
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cursorkit.language.ast import Head, Step

GRAMMAR = Path(__file__).with_name("cursor.lark")
ROOT = GRAMMAR.parents[1]
MODULE = ROOT / "cursorkit" / "language" / "_grammar.py"

DOTS = ["." * count for count in range(6)]
NAMES = [".".join("w" * count) for count in range(5)]
SIGNS = ("", "=", ":=", "@=", "/=")

TEMPLATE = '''"""The grammar of the cursor language; written by grammar/regen.py from grammar/cursor.lark."""
# fmt: off

from cursorkit.language.ast import Head, Name, Path, Root, Up

GRAMMAR = r"""
{grammar}"""

WORD = r"{word}"
"""The regular expression of the terminal."""

HEADS: dict[str, Head] = {{
{heads}
}}
"""What the grammar makes of the usual heads; every word is a `w`."""
'''


def module() -> str:
    """The text of the module."""
    sys.path.insert(0, str(ROOT))
    from cursorkit.language.grammar import Grammar

    text = GRAMMAR.read_text(encoding="utf-8")
    grammar = Grammar(text)
    usual = map("".join, product(DOTS, NAMES, SIGNS))
    heads = "\n".join(f'    "{each}": {_written(grammar.head(each))},' for each in usual)
    return TEMPLATE.format(grammar=text, word=grammar.word, heads=heads)


def _written(head: Head) -> str:
    path, sign = head
    steps = ", ".join(map(_step, path.steps)) + "," * (len(path.steps) == 1)
    fault = f', "{path.fault}"' if path.fault else ""
    return f'(Path(({steps}){fault}), "{sign}")'


def _step(step: Step) -> str:
    from cursorkit.language.ast import Name, Up

    match step:
        case Name(text, span):
            return f'Name("{text}", {span})'
        case Up(levels, span):
            return f"Up({levels}, {span})"
    return f"Root({step.span})"


def main() -> int:
    """Write the module, or tell with exit code 1 that it is not what the grammar says."""
    text = module()
    if "--check" not in sys.argv[1:]:
        MODULE.write_text(text, encoding="utf-8")
        return 0
    if MODULE.is_file() and MODULE.read_text(encoding="utf-8") == text:
        return 0
    print(f"{MODULE.name} is not what {GRAMMAR.name} says: run python grammar/regen.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
