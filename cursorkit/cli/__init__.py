"""The program: arguments in, one JSON document out."""
