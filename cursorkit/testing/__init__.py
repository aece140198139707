"""For the tests of others: contracts to inherit."""
