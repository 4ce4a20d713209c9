"""What is about the server itself."""

from conformance.accepted import Accepted, Text
from conformance.listed import DONE_RIGHT, INFO
from conformance.probe import Call, get, post, probe

_PREFLIGHT = {
    "Origin": "http://localhost:3000",
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "content-type,x-api-key",
}
_CORS = (
    "access-control-allow-origin",
    "access-control-expose-headers",
    "access-control-allow-methods",
    "access-control-allow-headers",
    "access-control-max-age",
    "access-control-allow-credentials",
    "vary",
)

_EXPOSED = Accepted(
    DONE_RIGHT,
    "headers.access-control-expose-headers",
    Text("^x-pag.* content-location$"),
    Text("^Content-Location, Location, "),
)

PROBES = (
    probe("a healthy server says ok", get("/ok")),
    probe("the root says ok, too", get("/")),
    probe("the database can be asked about", get("/ok?check_db=1")),
    probe(
        "info tells versions and flags",
        get("/info").but(
            Accepted(INFO, "body.version", Text(r"^\d+\.\d+"), Text(r"^\d+\.\d+")),
            Accepted(INFO, "body.flags.langsmith_tracing_*", True, False),
        ),
    ),
    probe("metrics are text for Prometheus", get("/metrics").comparing("status", "headers.content-type")),
    probe(
        "metrics can be JSON",
        get("/metrics?format=json").comparing("status", "headers.content-type"),
    ),
    probe("there are docs", get("/docs").comparing("status", "headers.content-type")),
    probe("there is an OpenAPI document", get("/openapi.json").comparing("status", "headers.content-type")),
    probe("an unknown path is not found", get("/nowhere")),
    probe("an unknown path below a known one is not found", get("/threads/x/y/z")),
    probe("a wrong method is not allowed", Call("PUT", "/threads/search").comparing_headers("allow")),
    probe("GET of a search is a bad id", get("/threads/search")),
    probe("a preflight is answered", Call("OPTIONS", "/threads").with_headers(_PREFLIGHT).comparing_headers(*_CORS)),
    probe(
        "an answer may be read from elsewhere",
        get("/ok").with_headers({"Origin": "http://localhost:3000"}).comparing_headers(*_CORS).but(_EXPOSED),
    ),
    probe(
        "an error may be read from elsewhere",
        get("/nowhere").with_headers({"Origin": "http://localhost:3000"}).comparing_headers(*_CORS).but(_EXPOSED),
    ),
    probe("a body needs no content type", post("/threads/count", {"metadata": {"own": "{probe}"}})),
    probe(
        "a body may have any content type",
        post("/threads/count", {"metadata": {"own": "{probe}"}}).with_headers({"Content-Type": "text/plain"}),
    ),
)
