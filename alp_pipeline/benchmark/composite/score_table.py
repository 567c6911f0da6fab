"""The table of an index's scores: units × indicators and aggregates, some of them undetermined.

Belongs here: the one state that a score can have and a cell of data cannot.
Does not: how scores come about (aggregate), the table itself (units).
"""

from dataclasses import dataclass, fields
from typing import ClassVar

from alp_pipeline.benchmark.cells import CELL_STATES
from alp_pipeline.benchmark.composite.units import UnitTable

UNDETERMINED = "undetermined"


@dataclass(frozen=True, eq=False)
class ScoreTable(UnitTable):
    """A unit table whose states may also be `undetermined`: no number, because one below it is confidential.

    >>> import pandas as pd
    >>> from alp_pipeline.benchmark.composite.framework import Framework
    >>> framework = Framework.of(pd.DataFrame({"code": ["LPI"], "level": 1, "parent": None, "direction": 1,
    ...                                        "type": "Indicator"}))
    >>> units = UnitTable.of(pd.DataFrame({"unit": ["AT", "CH"], "LPI": [4.0, ":c"]}), framework)
    >>> states = units.states.replace("confidential", UNDETERMINED)
    >>> ScoreTable.like(units).with_values(units.values, states).states["LPI"].tolist()
    ['reported', 'undetermined']
    """

    known_states: ClassVar[tuple[str, ...]] = (*CELL_STATES, UNDETERMINED)

    @classmethod
    def like(cls, units: UnitTable) -> "ScoreTable":
        """The same table, able to take scores."""
        return cls(**{field.name: getattr(units, field.name) for field in fields(units)})
