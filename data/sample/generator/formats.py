"""Tables in the sources' own file formats, byte for byte the same at every run.

Belongs here: Eurostat's TSV before and since 2022, SDMX-CSV, JSON-stat, an SDMX-ML message, gzip with a
chosen packing time. Does not: what is in the tables, where files go (archive_folder).
"""

import json
import struct
import zlib
from datetime import datetime
from itertools import product
from typing import Any

from generator.tables import Table, parts_of_cell


def gzipped(content: bytes, packed_at: str) -> bytes:
    """One gzip member with `packed_at` (UTC, `2017-02-20T11:00:00Z`) in its header and no file name.

    The compressed bytes depend on the zlib build; header, content and checksum do not.
    """
    seconds = int(datetime.fromisoformat(packed_at).timestamp())
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = deflate.compress(content) + deflate.flush()
    head = b"\x1f\x8b\x08\x00" + struct.pack("<I", seconds) + b"\x02\xff"
    return head + body + struct.pack("<II", zlib.crc32(content), len(content))


def bulk_tsv(table: Table) -> bytes:
    """The bulk files before 2022: no `freq`, `geo\\time`, newest year first, LF, a blank where no flag is."""
    lines = [f"{','.join(table.dimensions)}\\time\t" + "\t".join(f"{p} " for p in reversed(table.periods))]
    lines += [
        "\t".join([",".join(key), *map(_padded, reversed(cells))])
        for key, cells in sorted(table.rows.items())
    ]
    return ("\n".join(lines) + "\n").encode()


def modern_tsv(table: Table) -> bytes:
    """The files since 2022: `freq` first, `geo\\TIME_PERIOD`, oldest year first, CRLF."""
    names = ",".join(("freq", *table.dimensions))
    lines = [f"{names}\\TIME_PERIOD\t" + "\t".join(f"{period} " for period in table.periods)]
    lines += [
        "\t".join([",".join(("A", *key)), *map(_padded, cells)]) for key, cells in sorted(table.rows.items())
    ]
    return ("\r\n".join(lines) + "\r\n").encode()


def _padded(text: str) -> str:
    return f"{text} " if text and text[-1] in ":0123456789" else text


def sdmx_csv(table: Table, *, last_update: str) -> bytes:
    """Eurostat's SDMX-CSV 1.0: a row for each cell, flags and confidentiality in columns, CRLF.

    `last_update` stands as the API writes it: day first, two-digit year, Brussels time.
    """
    header = [
        "DATAFLOW",
        "LAST UPDATE",
        "freq",
        *table.dimensions,
        "TIME_PERIOD",
        "OBS_VALUE",
        "OBS_FLAG",
        "CONF_STATUS",
    ]
    flow = f"ESTAT:{table.code.upper()}(1.0)"
    lines = [",".join(header)]
    for key, cells in sorted(table.rows.items()):
        for period, text in zip(table.periods, cells, strict=True):
            lines.append(",".join((flow, last_update, "A", *key, period, *parts_of_cell(text))))
    return ("\r\n".join(lines) + "\r\n").encode()


def json_stat(table: Table, *, label: str, updated: str) -> bytes:
    """JSON-stat 2.0 as the statistics API answers: sparse values and statuses by linear position.

    The table has to be a full cross of its codes. A hidden cell has the status `|C`.
    """
    codes = [sorted({key[at] for key in table.rows}) for at in range(len(table.dimensions))]
    values: dict[str, float] = {}
    statuses: dict[str, str] = {}
    cells = (text for key in product(*codes) for text in table.rows[key])
    for position, text in enumerate(cells):
        number, flags, hidden = parts_of_cell(text)
        if number:
            values[str(position)] = float(number)
        if flags or hidden:
            statuses[str(position)] = f"{flags}|{hidden}" if hidden else flags
    names = ("freq", *table.dimensions, "time")
    categories = [["A"], *codes, list(table.periods)]
    document: dict[str, Any] = {
        "version": "2.0",
        "class": "dataset",
        "label": label,
        "source": "ESTAT",
        "updated": updated,
        "value": values,
        "status": statuses,
        "id": list(names),
        "size": [len(category) for category in categories],
        "dimension": {
            name: {"label": name, "category": {"index": {code: at for at, code in enumerate(category)}}}
            for name, category in zip(names, categories, strict=True)
        },
        "extension": {"lang": "EN", "id": table.code.upper(), "agencyId": "ESTAT", "version": "1.0"},
    }
    return (json.dumps(document, separators=(",", ":")) + "\n").encode()


def sdmx_ml(table: Table, *, prepared: str) -> bytes:
    """A structure-specific data message of SDMX-ML 3.0."""
    flow = table.code.upper()
    message = "http://www.sdmx.org/resources/sdmxml/schemas/v3_0"
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<m:StructureSpecificData xmlns:m="{message}/message" xmlns:s="{message}/data/structurespecific" '
        f'xmlns:c="{message}/common" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">',
        f"  <m:Header><m:ID>SAMPLE</m:ID><m:Test>true</m:Test><m:Prepared>{prepared}</m:Prepared>"
        '<m:Sender id="ESTAT"/><m:Structure dimensionAtObservation="TIME_PERIOD" structureID="STR1">'
        f'<c:StructureUsage><Ref id="{flow}" agencyID="ESTAT" version="1.0"/></c:StructureUsage>'
        "</m:Structure></m:Header>",
        '  <m:DataSet s:structureRef="STR1" s:dataScope="DataStructure">',
    ]
    for key, cells in sorted(table.rows.items()):
        codes = " ".join(f'{name}="{code}"' for name, code in zip(table.dimensions, key, strict=True))
        lines.append(f'    <Series freq="A" {codes}>')
        for period, text in zip(table.periods, cells, strict=True):
            number, flags, _ = parts_of_cell(text)
            status = f' OBS_FLAG="{flags}"' if flags else ""
            lines.append(f'      <Obs TIME_PERIOD="{period}" OBS_VALUE="{number}"{status}/>')
        lines.append("    </Series>")
    lines += ["  </m:DataSet>", "</m:StructureSpecificData>"]
    return ("\n".join(lines) + "\n").encode()
