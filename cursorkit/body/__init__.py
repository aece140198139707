"""From arguments and a schema to a body."""
