"""The programs: arguments in, one JSON document out."""

PROG = "healthcare1-beta1"
"""The program that calls methods; the other one, `cursorkit`, calls nobody."""
