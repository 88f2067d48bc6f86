"""Trace calls with OpenTelemetry: python tracing.py URL ENDPOINT [TEXT].

Each call is a span. The header ``traceparent`` passes it to the app, as the parent of the app's own
spans. The span's events record the times of the job's steps, and its status records how it ended.

It needs ``opentelemetry-sdk``. To send the spans to a collector, replace the exporter.
"""

import dataclasses
import sys
import time
from typing import Any

from opentelemetry import propagate, trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor

from gradio_client_sync import Client, Data

tracer = trace.get_tracer("gradio_client_sync.examples")


def traced_predict(app: Client, endpoint: str, payload: Any = None, **options: Any) -> Data:
    """Call an endpoint like `Client.predict`, and record the call as a span."""
    attributes = {"server.address": app.url, "gradio.endpoint": endpoint}
    with tracer.start_as_current_span(
        f"gradio {endpoint}", kind=trace.SpanKind.CLIENT, attributes=attributes
    ) as span:
        headers: dict[str, str] = {}
        propagate.inject(headers)  # traceparent, and the headers of other propagators
        submitted = time.time_ns()
        job = app.submit(endpoint, payload, headers=headers, **options)
        try:
            return job.result()  # the span records an exception
        finally:
            job.cancel()  # does nothing if the job has ended
            timings = dataclasses.asdict(job.timings)
            span.set_attribute("gradio.bytes", timings.pop("bytes"))
            span.set_attribute("gradio.event_id", job.event_id or "")
            for what, seconds in timings.items():
                if seconds is not None:
                    span.add_event(what, timestamp=submitted + int(seconds * 1e9))


def main(url: str, endpoint: str, *payload: str) -> None:
    """Call the endpoint once, and write the spans to standard error."""
    provider = TracerProvider(resource=Resource({"service.name": "tracing-example"}))
    provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter(out=sys.stderr)))
    trace.set_tracer_provider(provider)
    with Client(url) as app, tracer.start_as_current_span("visit"):
        print(traced_predict(app, endpoint, payload)[0])


if __name__ == "__main__":
    main(*sys.argv[1:])
