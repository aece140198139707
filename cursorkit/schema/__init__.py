"""What a body may hold: schemas, and where they come from."""
