"""What can go wrong with one text, one reference or one request: each kind has a code, a status, and may be retried."""


class ServiceError(Exception):
    """An answer that could not be given. `message` says what and where, `hint` what to do; both are one line."""

    code = "internal"
    status = 500
    retryable = False

    def __init__(self, message: str, hint: str = "", *, retryable: bool | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if retryable is not None:
            self.retryable = retryable


class BadRequest(ServiceError):  # noqa: N818  the names are those of the answers
    """A request that says something else than it may."""

    code, status = "bad_request", 400


class UncountableText(ServiceError):  # noqa: N818
    """A text that no engine can count."""

    code, status = "uncountable", 422


class TextTooLarge(ServiceError):  # noqa: N818
    """More than is taken at once."""

    code, status = "text_too_large", 413


class UnknownEncoding(ServiceError):  # noqa: N818
    """An encoding that there is not."""

    code, status = "unknown_encoding", 400


class StoreUnavailable(ServiceError):  # noqa: N818
    """The database does not answer. Counts go on without it, tasks cannot."""

    code, status, retryable = "store_unavailable", 503, True


class CountTimeout(ServiceError):  # noqa: N818
    """It took too long."""

    code, status, retryable = "timeout", 504, True


class Overloaded(ServiceError):  # noqa: N818
    """There is more to do than can be done soon."""

    code, status, retryable = "overloaded", 503, True


class QueueFull(ServiceError):  # noqa: N818
    """As many tasks wait as may."""

    code, status, retryable = "queue_full", 429, True


class NoSuchThing(ServiceError):  # noqa: N818
    """A task, a variable or a page that there is not."""

    code, status = "not_found", 404


class TooLate(ServiceError):  # noqa: N818
    """A task that ended already."""

    code, status = "ended", 409


class ReferenceTrouble(ServiceError):  # noqa: N818
    """What a text refers to cannot be had."""


class BadReference(ReferenceTrouble):
    """It does not say what is meant."""

    code, status = "bad_reference", 400


class ForbiddenReference(ReferenceTrouble):
    """It is none of those that may be read."""

    code, status = "forbidden", 403


class MissingReference(ReferenceTrouble):
    """It is not there."""

    code, status = "missing", 404


class ChangedReference(ReferenceTrouble):
    """It changed while it was read."""

    code, status, retryable = "changed", 409, True


class BinaryReference(ReferenceTrouble):
    """It is no text."""

    code, status = "binary", 422


class ReferenceTooLarge(ReferenceTrouble):
    """It is larger than what may be read."""

    code, status = "too_large", 413


class Unreachable(ReferenceTrouble):
    """Nobody answers there, or not in time."""

    code, status, retryable = "unreachable", 502, True


class UpstreamStatus(ReferenceTrouble):
    """Who answers there says something else than 200."""

    code, status = "upstream_status", 502


class VariableUnset(ReferenceTrouble):
    """A variable without a value."""

    code, status = "variable_unset", 404

    def __init__(self, message: str, hint: str = "", *, last_known_tokens: int | None = None) -> None:
        super().__init__(message, hint)
        self.last_known_tokens = last_known_tokens


class WrongMethod(ServiceError):  # noqa: N818
    """A path that is there, asked in another way."""

    code, status = "method_not_allowed", 405


class WrongMedia(ServiceError):  # noqa: N818
    """A body that is not JSON."""

    code, status = "unsupported_media_type", 415


class SlowBody(ServiceError):  # noqa: N818
    """A body that does not come."""

    code, status, retryable = "slow_body", 408, True


class LongHeaders(ServiceError):  # noqa: N818
    """Headers that are longer than any should be."""

    code, status = "headers_too_large", 431
