"""The regular expressions of documents."""

from __future__ import annotations

import re
import warnings
from functools import lru_cache


@lru_cache(maxsize=256)
def compiled(pattern: str) -> re.Pattern[str]:
    """The regular expression of a document.

    Raises:
        re.error: it is none; or an OverflowError or a RecursionError, of odder ones.
    """
    with warnings.catch_warnings(action="ignore", category=FutureWarning):
        # Documents mean the very end by their last "$"; Python would let a newline follow.
        return re.compile(re.sub(r"(?<!\\)\$\Z", r"\\Z", pattern))
