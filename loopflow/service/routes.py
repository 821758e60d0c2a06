"""The table of routes: each path, what it takes and gives, and what does it."""

import msgspec

from loopflow.service import wire
from loopflow.service.counting_routes import CountingRoutes
from loopflow.service.exchange import Exchange, Reply, Route
from loopflow.service.openapi import describe
from loopflow.service.page_routes import page_routes
from loopflow.service.services import Services
from loopflow.service.state_routes import StateRoutes
from loopflow.service.task_routes import TaskRoutes


def make_routes(services: Services) -> tuple[Route, ...]:
    """Return all routes."""
    counting, tasks, state = CountingRoutes(services), TaskRoutes(services), StateRoutes(services)
    document = b""

    async def show_document(_: Exchange) -> Reply:
        return Reply(document)

    routes = (
        *_counting_routes(counting),
        *_task_routes(tasks),
        *_state_routes(state),
        Route("/openapi.json", "GET", show_document, "Describe the service."),
        *page_routes(services.settings.bounds.body),
    )
    document = msgspec.json.encode(describe(routes, has_token=services.access.token is not None))
    return routes


def _counting_routes(do: CountingRoutes) -> tuple[Route, ...]:
    return (
        Route("/v1/count", "POST", do.count, "Count a text.", wire.CountRequest, wire.CountReply),
        Route("/v1/count/batch", "POST", do.batch, "Count texts.", wire.BatchRequest, wire.BatchReply),
        Route("/v1/answer", "POST", do.answer, "Count a text and all it means.", wire.AnswerRequest, wire.AnswerReply),
        Route(
            "/v1/references/count", "POST", do.references, "Count references.", wire.ReferencesRequest,
            wire.ReferencesReply,
        ),
        Route(
            "/v1/references/complete", "POST", do.complete, "List files whose path begins so.", wire.CompleteRequest,
            wire.CompleteReply,
        ),
        Route("/v1/tokens", "POST", do.tokens, "List tokens of a text.", wire.TokensRequest, wire.TokensReply),
    )  # fmt: skip


def _task_routes(do: TaskRoutes) -> tuple[Route, ...]:
    path, one = "/v1/tasks", "/v1/tasks/{id}"
    query = ("status", "limit", "after")
    return (
        Route(path, "POST", do.put_task, "Count later.", wire.TaskRequest, wire.TaskAccepted, 202, (429,)),
        Route(path, "GET", do.list_tasks, "List tasks.", None, wire.TasksReply, 200, (404,), query),
        Route(one, "GET", do.get_task, "Show a task.", None, wire.TaskReply, 200, (404,)),
        Route(one, "DELETE", do.cancel_task, "Cancel a task.", None, wire.TaskReply, 200, (404, 409)),
        Route(
            "/v1/events", "GET", do.events, "Listen to what happens.", errors=(404,), query=("task",),
            media_type="text/event-stream", is_stream=True,
        ),
    )  # fmt: skip


def _state_routes(do: StateRoutes) -> tuple[Route, ...]:
    variable, cache = "/v1/variables/{name}", "/v1/cache"
    forgetting = ("digest", "encoding", "pattern", "all")
    health = wire.HealthReply
    return (
        Route(variable, "GET", do.get_variable, "Show a variable.", None, wire.VariableReply, 200, (404,)),
        Route(variable, "PUT", do.put_variable, "Set a variable.", wire.VariableRequest, wire.VariableReply),
        Route(variable, "DELETE", do.delete_variable, "Unset a variable.", None, wire.RemovedReply, 200, (404,)),
        Route(cache, "GET", do.show_cache, "Show what the cache does.", None, wire.CacheReply),
        Route(cache, "DELETE", do.clear_cache, "Forget counts.", None, wire.RemovedReply, 200, (), forgetting),
        Route("/v1/models", "GET", do.models, "List windows and encodings.", None, wire.ModelsReply),
        Route("/health/live", "GET", do.live, "Whether it runs.", None, health, is_open=True, is_health=True),
        Route("/health/ready", "GET", do.ready, "Whether it can answer.", None, health, is_health=True),
        Route("/metrics", "GET", do.metrics, "Figures for Prometheus.", media_type="text/plain"),
    )
