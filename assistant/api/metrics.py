"""What Prometheus is told: traffic, outcomes and times; nothing of documents or askers."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, PlatformCollector, ProcessCollector

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)

REQUESTS = Counter("focal_requests", "Requests by route and status", ["route", "method", "status"], registry=REGISTRY)
SECONDS = Histogram("focal_request_seconds", "Time to the end of a response", ["route"], registry=REGISTRY)
ANSWERS = Counter("focal_answers", "Answers by status and surface", ["status", "surface"], registry=REGISTRY)
STAGES = Histogram(
    "focal_stage_seconds",
    "Time in each stage of an answer",
    ["stage"],
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30),
    registry=REGISTRY,
)
ADMITTED = Gauge("focal_admitted", "Pieces of work running or waiting", ["work"], registry=REGISTRY)
REFUSED = Counter("focal_refused", "Requests turned away", ["why"], registry=REGISTRY)
