"""Everything of cursorkit that talks to somebody."""
