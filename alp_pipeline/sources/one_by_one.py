"""Asking for the age of several datasets where the source has no inventory: one after the other.

Belongs here: whose failure stops whom. Does not: any protocol.
"""

from collections.abc import Callable, Sequence

from alp_pipeline.catalog.models import DatasetEntry
from alp_pipeline.sources.errors import (
    AddressRefused,
    CertificateRefused,
    CredentialsMissing,
    ServiceUnavailable,
    SourceError,
)
from alp_pipeline.sources.family import Upstream

# When these happen, asking the same source for the next dataset is pointless or impolite.
_CONCERNS_THE_SOURCE = (ServiceUnavailable, AddressRefused, CertificateRefused, CredentialsMissing)


def one_by_one(
    datasets: Sequence[DatasetEntry], ask: Callable[[DatasetEntry], Upstream]
) -> dict[str, Upstream]:
    """What the source says of each dataset.

    With several datasets, what concerns one only makes it `unknown`, with the reason in `facts`.

    Raises: SourceError, when the source as a whole cannot be asked, or of the only dataset asked for.

    >>> one_by_one([], lambda dataset: Upstream("offered"))
    {}
    """
    if len(datasets) == 1:
        return {datasets[0].id: ask(datasets[0])}
    told = {}
    for dataset in datasets:
        try:
            told[dataset.id] = ask(dataset)
        except _CONCERNS_THE_SOURCE:
            raise
        except SourceError as error:
            told[dataset.id] = Upstream("unknown", facts={"problem": str(error)})
    return told
