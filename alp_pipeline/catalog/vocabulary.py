"""The closed vocabularies of catalogue entries, with what each word means.

Belongs here: enumerations that are the same for every site. Does not: pillars, sources, perimeters and
other lists that a site may extend (they are entries).
"""

from collections.abc import Mapping
from enum import StrEnum


class StatisticalUnit(StrEnum):
    """What is counted; units of two kinds never meet in one ratio unless a warning says so."""

    LOCAL_UNIT = "local_unit"
    ENTERPRISE = "enterprise"
    WORKPLACE = "workplace"
    RESIDENT = "resident"
    HOUSEHOLD = "household"
    TERRITORY = "territory"  # nothing is counted: the land, or the region as a whole, is measured


class Cadence(StrEnum):
    """How often a source adds a period."""

    ANNUAL = "annual"
    QUARTERLY = "quarterly"
    MONTHLY = "monthly"
    IRREGULAR = "irregular"


class NutsVersionRule(StrEnum):
    """How the NUTS version of a dataset's codes is found."""

    DETECT = "detect"  # per country and year, by the best overlap with each version's codes
    NONE = "none"  # the dataset's codes are no NUTS codes


class Severity(StrEnum):
    """What a failed rule does: critical keeps data out, warning is shown."""

    CRITICAL = "critical"
    WARNING = "warning"


class UsageWarning(StrEnum):
    """What a reader must know before using an indicator: the closed vocabulary."""

    CONFIDENTIAL_CELLS = "confidential_cells"
    BREAK_IN_SERIES = "break_in_series"
    SMALL_SAMPLE = "small_sample"
    NO_CH_LI = "no_ch_li"
    CROSS_COUNTRY_CAUTION = "cross_country_caution"
    COMMUTING = "commuting"
    NATIONAL_DEFLATOR = "national_deflator"
    CURRENT_PRICES = "current_prices"
    NOT_FULL_TIME_EQUIVALENT = "not_full_time_equivalent"
    DISCONTINUED_SERIES = "discontinued_series"
    ENTERPRISE_CONCEPT = "enterprise_concept"
    MIXED_STATISTICAL_UNITS = "mixed_statistical_units"

    @property
    def description(self) -> str:
        """The warning as a sentence for the reader of a report."""
        return USAGE_WARNINGS[self]


USAGE_WARNINGS: Mapping[UsageWarning, str] = {
    UsageWarning.CONFIDENTIAL_CELLS: "Some cells are hidden by the statistical office; they are shown as "
    "confidential, and sums over visible cells are too small.",
    UsageWarning.BREAK_IN_SERIES: "The definition or the survey changed within the series; compare over "
    "time only between breaks.",
    UsageWarning.SMALL_SAMPLE: "Survey estimate: in small regions the sample is small, the value uncertain.",
    UsageWarning.NO_CH_LI: "The source has no data for Switzerland and Liechtenstein.",
    UsageWarning.CROSS_COUNTRY_CAUTION: "National methods differ; the source discourages comparison "
    "across countries.",
    UsageWarning.COMMUTING: "Production or jobs at the workplace over residents: commuting makes centres "
    "look richer than they are.",
    UsageWarning.NATIONAL_DEFLATOR: "Purchasing power is corrected with one price level per country, not "
    "per region.",
    UsageWarning.CURRENT_PRICES: "Current prices: growth over time contains inflation.",
    UsageWarning.NOT_FULL_TIME_EQUIVALENT: "Per person, whatever the hours worked; part-time lowers it.",
    UsageWarning.DISCONTINUED_SERIES: "The source has ended this table; there will be no further periods.",
    UsageWarning.ENTERPRISE_CONCEPT: "Counted at the enterprise's seat; the enterprise concept changed in "
    "several countries between 2018 and 2021.",
    UsageWarning.MIXED_STATISTICAL_UNITS: "Numerator and denominator count different units.",
}
