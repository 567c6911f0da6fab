"""What Eurostat says in the place of data: every shape of message, as its services write them.

Belongs here: bodies. Does not: when they come (eurostat).
"""

from xml.sax.saxutils import escape

TOO_BIG = (
    "EXTRACTION_TOO_BIG: The requested extraction is too big, estimated {cells} rows, "
    "max authorised is {most}, please change your filters to reduce the extraction size"
)
NOT_AVAILABLE = "ERR_NOT_FOUND_4: {code} (DATA_FLOW:ALL,1.0) is not available for dissemination."
NO_RESULTS = "NO_RESULTS: The query did not return any results."
NOT_YET = "DATA_NOT_YET_AVAILABLE: Requested data is not yet available."
UNKNOWN_REQUEST = "UNKNOWN_REQUEST: Unknown request."
MAINTENANCE_PAGE = (
    b"<!DOCTYPE html>\n<html><head><title>Maintenance</title></head>"
    b"<body><p>We are back soon.<br></body></html>"
)
_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"


def fault(code: int, text: str) -> bytes:
    """A SOAP fault, as SDMX 2.1 answers."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><S:Fault xmlns:S="{_SOAP}">'
        f"<faultcode>{code}</faultcode><faultstring>{escape(text)}</faultstring></S:Fault>"
    ).encode()


def json_error(status: int, label: str) -> bytes:
    """An error of the statistics API."""
    return f'{{"error":[{{"status":{status},"id":{status},"label":"{label}"}}]}}'.encode()


def json_warning() -> bytes:
    """What the statistics API says when it computes an answer for later."""
    return (
        b'{"warning":{"status":413,"label":"ASYNCHRONOUS_RESPONSE. Your request will be treated '
        b'asynchronously. Please try again later."}}'
    )


def ticket(number: str, state: str = "SUBMITTED", *, extra: str = "") -> bytes:
    """A ticket of the queue, and the queue's answer about one; `extra` is put inside."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><env:Envelope xmlns:env="{_SOAP}"><env:Header/><env:Body>'
        '<ns0:syncResponse xmlns:ns0="http://estat.ec.europa.eu/disschain/soap/extraction"><queued>'
        f"<id>{escape(number)}</id><status>{state}</status>{extra}</queued></ns0:syncResponse>"
        "</env:Body></env:Envelope>"
    ).encode()


def legacy_footer(address: str) -> bytes:
    """A data message without data, whose footer says where the result will be (until 2022)."""
    message = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1/message"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><m:GenericData xmlns:m="{message}" '
        f'xmlns:f="{message}/footer" xmlns:c="http://www.sdmx.org/resources/sdmxml/schemas/v2_1/common">'
        "<m:Header><m:ID>5f29e011e23ed1455784cff0ab2af8ed</m:ID></m:Header><f:Footer>"
        '<f:Message code="413" severity="Infomation"><c:Text xml:lang="en">Due to the large query the '
        f"response will be written to a file which will be located under URL: {escape(address)}</c:Text>"
        f'<c:Text xml:lang="en">{escape(address)}</c:Text></f:Message></f:Footer></m:GenericData>'
    ).encode()


def _structure(body: str) -> bytes:
    schemas = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><m:Structure xmlns:m="{schemas}/message" '
        f'xmlns:s="{schemas}/structure" xmlns:c="{schemas}/common"><m:Header><m:ID>DS</m:ID></m:Header>'
        f"<m:Structures>{body}</m:Structures></m:Structure>"
    ).encode()


def datastructure(
    code: str, codes: dict[str, list[str]], periods: list[str], *, with_codelists: bool, observations: int
) -> bytes:
    """A dataflow with its data structure, and the code lists where they are asked for."""
    lists = "".join(
        f'<s:Codelist id="{name.upper()}" agencyID="ESTAT" version="1.0">'
        + "".join(
            f'<s:Code id="{escape(one)}"><c:Name xml:lang="en">{escape(one)}</c:Name></s:Code>' for one in own
        )
        + "</s:Codelist>"
        for name, own in codes.items()
    )
    dimensions = "".join(
        f'<s:Dimension id="{name}" position="{place}"><s:LocalRepresentation><s:Enumeration>'
        f'<Ref id="{name.upper()}" version="1.0" agencyID="ESTAT" class="Codelist"/>'
        "</s:Enumeration></s:LocalRepresentation></s:Dimension>"
        for place, name in enumerate(codes, start=1)
    )
    notes = {
        "OBS_COUNT": observations,
        "OBS_PERIOD_OVERALL_LATEST": max(periods, default=""),
        "OBS_PERIOD_OVERALL_OLDEST": min(periods, default=""),
    }
    annotations = "".join(
        f"<c:Annotation><c:AnnotationTitle>{text}</c:AnnotationTitle><c:AnnotationType>{kind}</c:AnnotationType>"
        "</c:Annotation>"
        for kind, text in notes.items()
    )
    return _structure(
        f'<s:Dataflows><s:Dataflow id="{code}" agencyID="ESTAT" version="1.0"><c:Annotations>{annotations}'
        f'</c:Annotations><c:Name xml:lang="de">Tabelle</c:Name><c:Name xml:lang="en">Table {code}</c:Name>'
        "</s:Dataflow></s:Dataflows>"
        + (f"<s:Codelists>{lists}</s:Codelists>" if with_codelists else "")
        + f'<s:DataStructures><s:DataStructure id="{code}" agencyID="ESTAT" version="1.0">'
        f'<s:DataStructureComponents><s:DimensionList id="DimensionDescriptor">{dimensions}'
        f'<s:TimeDimension id="TIME_PERIOD" position="{len(codes) + 1}"/></s:DimensionList>'
        "</s:DataStructureComponents></s:DataStructure></s:DataStructures>"
    )


def constraint(code: str, codes: dict[str, list[str]], periods: list[str]) -> bytes:
    """The content constraint: the codes and periods that are there."""
    values = "".join(
        f'<c:KeyValue id="{name}">'
        + "".join(f"<c:Value>{escape(one)}</c:Value>" for one in own)
        + "</c:KeyValue>"
        for name, own in {**codes, "TIME_PERIOD": periods}.items()
    )
    return _structure(
        f'<s:Constraints><s:ContentConstraint id="{code}" agencyID="ESTAT" version="1.0" type="Actual">'
        f'<s:CubeRegion include="true">{values}</s:CubeRegion></s:ContentConstraint></s:Constraints>'
    )
