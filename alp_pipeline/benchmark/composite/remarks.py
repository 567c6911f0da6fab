"""What a user of an index should be told besides its scores.

Belongs here: what the details of the steps hold that a reader of the scores would not expect, as sentences.
Does not: finding it (the steps say it in their details), printing (cli).
"""

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from alp_pipeline.benchmark.composite.transforms import POWERS

_NAMED = 5


def remarks_on(details: Mapping[str, Mapping[str, pd.DataFrame]]) -> tuple[str, ...]:
    """One sentence each, in the order of the steps, for what did not come out as it was meant.

    - treat: Box-Cox's power is at a bound of its search; indicators still fail the rule after treatment.
    - weight: optimised weights do not reach the importance that was wanted.

    Args:
        details: by stage, the tables of its step (`IndexResult.details`).

    >>> treated = pd.DataFrame({"indicator": ["GDP"], "boxcox_at_bound": True, "method": "boxcox",
    ...                         "passes_after": True})
    >>> remarks_on({"1_treat": {"treatment": treated}})[0].split(":")[1]
    " Box-Cox's power is at the bound of its search (-5 to 5) for GDP"
    """
    found: list[str] = []
    for stage, tables in details.items():
        if "treatment" in tables:
            found += _on_treatment(stage, tables["treatment"])
        if "optimised" in tables:
            found += _on_importance(stage, tables["optimised"])
    return tuple(found)


def _on_treatment(stage: str, table: pd.DataFrame) -> list[str]:
    said = []
    bound = table.loc[table["boxcox_at_bound"], "indicator"]
    if len(bound):
        said.append(
            f"{stage}: Box-Cox's power is at the bound of its search ({POWERS[0]:g} to {POWERS[1]:g}) for "
            f"{_listed(bound)}: none inside is likeliest; give the indicator another scale or another method"
        )
    treated = table["method"] != "none"
    failing = table.loc[treated & ~table["passes_after"].fillna(True).astype(bool), "indicator"]
    if len(failing):
        said.append(f"{stage}: {_listed(failing)} still fail the rule after treatment")
    return said


def _on_importance(stage: str, table: pd.DataFrame) -> list[str]:
    missed = table[~table["reached"]]
    if not len(missed):
        return []
    worst = int(np.argmax((missed["achieved"] - missed["wanted"]).abs()))
    code, achieved, wanted = (missed[name].iloc[worst] for name in ("code", "achieved", "wanted"))
    return [
        f"{stage}: no weights give {_listed(missed['code'])} the importance wanted; {code} gets a share of "
        f"{achieved:.3f} for {wanted:.3f}; the smallest weight is {table['weight'].min():.2g}"
    ]


def _listed(codes: Collection[str]) -> str:
    names = list(dict.fromkeys(codes))
    return ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
