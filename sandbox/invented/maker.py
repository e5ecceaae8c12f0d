"""Records with ids drawn from the seed; what every part of the invented district is made with."""

from random import Random
from typing import Any

Record = dict[str, Any]
Item = tuple[str, Record]


class Maker:
    """Ids look like UUIDs and follow from the dice alone, so a seed gives the same ones again."""

    def __init__(self, dice: Random, stamp: str) -> None:
        self.dice = dice
        self._stamp = stamp

    def new_id(self) -> str:
        digits = f"{self.dice.getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"

    def record(self, **fields: Any) -> Record:
        """A record with an id of its own, active, stamped before the school year."""
        base = {"sourcedId": self.new_id(), "status": "active", "dateLastModified": self._stamp}
        return {**base, **fields}


def ref(kind: str, record: Record) -> Record:
    """A reference to a record; Q adds the `href`."""
    return {"sourcedId": record["sourcedId"], "type": kind}
