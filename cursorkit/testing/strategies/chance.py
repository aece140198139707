"""How often what a program could do without happens; the simplest draw is always that it does not."""

from __future__ import annotations

from hypothesis import strategies as st

SELDOM = st.sampled_from([False] * 3 + [True])
RARELY = st.sampled_from([False] * 7 + [True])
