"""An SDMX 2.1 service over real sockets: a flow's structure, constraint and data, errors, a rate.

Belongs here: the protocol, generated observations, recorded messages served as they are. Does not: what the
tests expect.
"""

import itertools
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from alp_pipeline_tests.servers.base import LoopbackServer, Reply, Request

CSV = "application/vnd.sdmx.data+csv"
_XML = "application/vnd.sdmx.{}+xml; version=2.1; charset=utf-8"
_NAMESPACES = " ".join(
    f'xmlns:{prefix}="http://www.sdmx.org/resources/sdmxml/schemas/v2_1/{path}"'
    for prefix, path in (
        ("message", "message"),
        ("structure", "structure"),
        ("common", "common"),
        ("generic", "data/generic"),
        ("footer", "message/footer"),
    )
)


@dataclass
class Flow:
    """A dataflow; an observation's value is its number among all, from 1."""

    agency: str = "IT1"
    id: str = "183_277"
    version: str = "1.0"
    dimensions: Mapping[str, Sequence[str]] = field(
        default_factory=lambda: {
            "FREQ": ("A",),
            "REF_AREA": ("ITC4", "ITH1", "ITH2"),
            "ECON_ACTIVITY_NACE_2007": ("C25", "C28"),
        }
    )
    periods: Sequence[str] = ("2021", "2022", "2023")
    last_update: str | None = "2025-11-14T16:15:51.591Z"

    def observations(self, key: str, since: str) -> list[tuple[tuple[str, ...], int]]:
        """(codes and period, value) of the positional key."""
        wanted = [] if key in ("", "ALL", "all") else key.split(".")
        if wanted and len(wanted) != len(self.dimensions):
            raise ValueError(f"the key has {len(wanted)} parts")
        cells = itertools.product(*self.dimensions.values(), self.periods)
        return [
            (codes, number)
            for number, codes in enumerate(cells, start=1)
            if codes[-1] >= since
            and all(not part or code in part.split("+") for code, part in zip(codes, wanted, strict=False))
        ]


class SdmxServer(LoopbackServer):
    """Serves one flow.

    Attributes, to be changed by tests:
        flow: the flow.
        recorded: path → (body, content type), served as it is.
        has_constraints: whether availableconstraint is offered.
        most_observations: above it the service answers 413.
        empty_status: the status under which it says that nothing was found.
        window: (calls, seconds), above which it answers 429.
        footer: (code, severity, text) at the end of messages with data.
    """

    def __init__(self, flow: Flow | None = None) -> None:
        super().__init__()
        self.flow = flow or Flow()
        self.recorded: dict[str, tuple[bytes, str]] = {}
        self.has_constraints = True
        self.most_observations = 1 << 30
        self.empty_status = 404
        self.window: tuple[int, float] | None = None
        self.footer: tuple[int, str, str] | None = None
        self._calls: list[float] = []

    def answer(self, request: Request) -> Reply:
        self._calls.append(time.monotonic())
        calls, seconds = self.window or (1 << 30, 0.0)
        if sum(self._calls[-1] - call < seconds for call in self._calls) > calls:
            return Reply(429, b"Too many requests", {"Retry-After": "1"})
        if request.path in self.recorded:
            body, content_type = self.recorded[request.path]
            return Reply(200, body, {"Content-Type": content_type})
        kind, _, rest = request.path.strip("/").partition("/")
        flow = self.flow
        if kind == "dataflow" and rest.split("/")[:2] == [flow.agency, flow.id]:
            return Reply(200, structure(flow).encode(), {"Content-Type": _XML.format("structure")})
        reference = rest.partition("/")[0]
        if reference not in (f"{flow.agency},{flow.id}", f"{flow.agency},{flow.id},{flow.version}"):
            return error(404, 100, "Could not find Dataflow")
        if kind == "availableconstraint" and self.has_constraints:
            return Reply(200, constraint(flow).encode(), {"Content-Type": _XML.format("structure")})
        if kind == "data":
            return self._data(request, rest.split("/")[1] if "/" in rest else "ALL")
        return error(501, 501, "Not implemented")

    def _data(self, request: Request, key: str) -> Reply:
        try:
            found = self.flow.observations(key, request.query.get("startPeriod", ""))
        except ValueError as problem:
            return error(400, 140, str(problem))
        if not found:
            return Reply(self.empty_status, b"NoRecordsFound", {"Content-Type": "text/plain"})
        if len(found) > self.most_observations:
            return error(413, 510, "Response size exceeds service limit")
        if request.headers.get("accept", "").startswith(CSV):
            return Reply(200, as_csv(self.flow, found).encode(), {"Content-Type": f"{CSV}; version=1.0.0"})
        body = as_xml(self.flow, found, self.footer).encode()
        return Reply(200, body, {"Content-Type": _XML.format("structurespecificdata")})


Observations = Sequence[tuple[tuple[str, ...], int]]


def error(status: int, code: int, text: str) -> Reply:
    """A message in the place of data."""
    body = (
        f'<?xml version="1.0"?><message:Error {_NAMESPACES}><message:ErrorMessage code="{code}">'
        f"<common:Text>{escape(text)}</common:Text></message:ErrorMessage></message:Error>"
    )
    return Reply(status, body.encode(), {"Content-Type": "application/xml"})


def as_csv(flow: Flow, observations: Observations) -> str:
    lines = [",".join(("DATAFLOW", *flow.dimensions, "TIME_PERIOD", "OBS_VALUE", "OBS_STATUS"))]
    named = f"{flow.agency}:{flow.id}({flow.version})"
    lines += [",".join((named, *codes, str(value), "")) for codes, value in observations]
    return "\r\n".join(lines) + "\r\n"


def as_xml(flow: Flow, observations: Observations, footer: tuple[int, str, str] | None = None) -> str:
    series: dict[tuple[str, ...], list[str]] = {}
    for (*codes, period), value in observations:
        series.setdefault(tuple(codes), []).append(f'<Obs TIME_PERIOD="{period}" OBS_VALUE="{value}"/>')
    blocks = [
        f"<Series {_attributes(flow, codes)}>{''.join(cells)}</Series>" for codes, cells in series.items()
    ]
    end = ""
    if footer:
        code, severity, text = footer
        end = (
            f'<footer:Footer><footer:Message code="{code}" severity="{severity}">'
            f"<common:Text>{escape(text)}</common:Text></footer:Message></footer:Footer>"
        )
    usage = f'<Ref agencyID="{flow.agency}" id="{flow.id}" version="{flow.version}"/>'
    return (
        f'<?xml version="1.0" encoding="utf-8"?><message:StructureSpecificData {_NAMESPACES}><message:Header>'
        f"<message:Structure><common:StructureUsage>{usage}</common:StructureUsage></message:Structure>"
        f"</message:Header><message:DataSet>{''.join(blocks)}</message:DataSet>{end}"
        "</message:StructureSpecificData>"
    )


def _attributes(flow: Flow, codes: Sequence[str]) -> str:
    return " ".join(f'{name}="{code}"' for name, code in zip(flow.dimensions, codes, strict=True))


def structure(flow: Flow) -> str:
    note = (
        "<common:Annotations><common:Annotation id='LAST_UPDATE'><common:AnnotationTitle>"
        f"{flow.last_update}</common:AnnotationTitle><common:AnnotationType>LAST_UPDATE</common:AnnotationType>"
        "</common:Annotation></common:Annotations>"
        if flow.last_update
        else ""
    )
    dimensions = "".join(
        f'<structure:Dimension id="{name}" position="{at}"/>'
        for at, name in enumerate(flow.dimensions, start=1)
    )
    return (
        f'<?xml version="1.0"?><message:Structure {_NAMESPACES}><message:Structures><structure:Dataflows>'
        f'<structure:Dataflow id="{flow.id}" agencyID="{flow.agency}" version="{flow.version}">{note}'
        '<common:Name xml:lang="en">Local units</common:Name></structure:Dataflow></structure:Dataflows>'
        '<structure:DataStructures><structure:DataStructure id="DSD"><structure:DataStructureComponents>'
        f'<structure:DimensionList>{dimensions}<structure:TimeDimension id="TIME_PERIOD" position="9"/>'
        "</structure:DimensionList></structure:DataStructureComponents></structure:DataStructure>"
        "</structure:DataStructures></message:Structures></message:Structure>"
    )


def constraint(flow: Flow) -> str:
    values = "".join(
        f'<common:KeyValue id="{name}">{"".join(f"<common:Value>{c}</common:Value>" for c in codes)}'
        "</common:KeyValue>"
        for name, codes in flow.dimensions.items()
    )
    first, last = min(flow.periods), max(flow.periods)
    return (
        f'<?xml version="1.0"?><message:Structure {_NAMESPACES}><message:Structures><structure:Constraints>'
        '<structure:ContentConstraint id="C" type="Actual"><structure:CubeRegion include="true">'
        f'{values}<common:KeyValue id="TIME_PERIOD"><common:TimeRange>'
        f'<common:StartPeriod isInclusive="true">{first}-01-01T00:00:00</common:StartPeriod>'
        f'<common:EndPeriod isInclusive="true">{last}-01-01T00:00:00</common:EndPeriod>'
        "</common:TimeRange></common:KeyValue></structure:CubeRegion></structure:ContentConstraint>"
        "</structure:Constraints></message:Structures></message:Structure>"
    )
