"""The programs: arguments in, one JSON document out."""
