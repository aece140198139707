"""Write the module that carries `cursor.lark` inside the package; `--check` only compares."""

from __future__ import annotations

import sys
from pathlib import Path

GRAMMAR = Path(__file__).with_name("cursor.lark")
MODULE = GRAMMAR.parents[1] / "cursorkit" / "language" / "_grammar.py"

TEMPLATE = '''"""The grammar of the cursor language; written by grammar/regen.py from grammar/cursor.lark."""

GRAMMAR = r"""
{grammar}"""
'''


def main() -> int:
    """Write the module, or tell with exit code 1 that it is not what the grammar says."""
    text = TEMPLATE.format(grammar=GRAMMAR.read_text(encoding="utf-8"))
    if "--check" not in sys.argv[1:]:
        MODULE.write_text(text, encoding="utf-8")
        return 0
    if MODULE.is_file() and MODULE.read_text(encoding="utf-8") == text:
        return 0
    print(f"{MODULE.name} is not what {GRAMMAR.name} says: run python grammar/regen.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
