"""`python -m cursorkit` is the program `healthcare1-beta1`."""

from cursorkit.cli.main import run

run()
