"""Rows for the loopback portals: generated, always the same, in the languages of the Alps, with holes.

Belongs here: what the servers publish. Does not: how they speak.
"""

from typing import Any

PLACES = ("Cantù", "Salò", "Bressanone/Brixen", "Zürich", "Besançon", "Genève", "Gößnitz", "Aosta, città")
ACTIVITIES = ("C25", "C28", "I55", "M72")
FIRST_YEAR = 2016


def employment(count: int) -> list[dict[str, Any]]:
    """`count` rows of comune, anno, ateco, addetti; every seventh has no addetti.

    >>> employment(2)[0]
    {'comune': 'Cantù', 'anno': 2016, 'ateco': 'C25', 'addetti': None}
    >>> employment(2)[1]
    {'comune': 'Salò', 'anno': 2016, 'ateco': 'C28', 'addetti': 113}
    """
    return [
        {
            "comune": PLACES[number % len(PLACES)],
            "anno": FIRST_YEAR + number // 8 % 6,
            "ateco": ACTIVITIES[number % len(ACTIVITIES)],
            "addetti": None if number % 7 == 0 else 100 + 13 * number,
        }
        for number in range(count)
    ]
