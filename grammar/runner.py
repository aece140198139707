"""Hold an implementation of the cursor language, in whatever language, against the vectors.

    python grammar/runner.py COMMAND [ARGUMENT ...]

The command is started once. Each line of its standard input is one vector as JSON, without what is expected;
`schema` names one of the `schemas` that come with it. It answers each with a line of JSON:

    a move    {"result": [NAME, ...]}                   or {"error": KIND}
    a body    {"body": VALUE, "cursor": [NAME, ...]}    or {"errors": [{"kind", "argument", "text"}, ...]}

1, 1.0 and true are different values, and the order of keys counts. vectors/schema.json describes all of it.

The exit code is 0 if every answer is right, and 1 if one is not, or if there are no vectors.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

VECTORS = Path(__file__).with_name("vectors")
EXPECTED = ("result", "error", "body", "cursor", "errors")


def questions(folder: Path) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """The name of each vector of `folder`, what to ask, and what to answer."""
    found = []
    for path in sorted(folder.glob("*.json")):
        document = json.loads(path.read_bytes())
        for vector in document.get("vectors", ()):
            asked = {key: value for key, value in vector.items() if key not in EXPECTED}
            if "schema" in vector:
                asked["schemas"] = document["schemas"]
            answer = {key: vector[key] for key in EXPECTED if key in vector}
            found.append((f"{path.name}: {vector['name']}", asked, answer))
    return found


def main(command: list[str], folder: Path = VECTORS) -> int:
    """Ask the command, and print what it answers wrongly."""
    asked = questions(folder)
    lines = "".join(f"{json.dumps(question)}\n" for _, question, _ in asked)
    child = subprocess.run(command, input=lines, stdout=subprocess.PIPE, text=True, check=False)
    answers = child.stdout.splitlines()
    wrong = 0
    for number, (name, _, expected) in enumerate(asked):
        given = answers[number] if number < len(answers) else "null"
        if json.dumps(json.loads(given)) != json.dumps(expected):
            wrong += 1
            print(f"{name}\n  expected {json.dumps(expected)}\n  answered {given}")
    print(f"{len(asked) - wrong} of {len(asked)} vectors are answered rightly")
    return 1 if wrong or not asked else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
