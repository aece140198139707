"""What the programs of the embedding tests deploy."""

from __future__ import annotations

import attrs


@attrs.frozen
class Spec:
    replica_count: int = 1
    image: bytes = b""


@attrs.frozen
class Deployment:
    name: str
    spec: Spec = attrs.field(factory=Spec)
    tags: list[str] = attrs.field(factory=list)
    password: str = attrs.field(default="", repr=False)
