"""X-Ray segments of what a function does, where its start allows for them: hold_stock leaves it to Lambda's own."""

import functools
from typing import Any

from aws_lambda_powertools import Tracer

from .telemetry import Handler


@functools.cache
def _tracer() -> Tracer:
    # Only botocore: patching everything that can be patched would import it all.
    return Tracer(patch_modules=["botocore"])


def traced(handle: Handler) -> Handler:
    """A segment for the call and one for each call to AWS. Answers are not part of it: they hold ids."""

    @functools.wraps(handle)
    def tracing(event: dict[str, Any], context: Any) -> dict[str, Any]:
        captured: Handler = _tracer().capture_lambda_handler(handle, capture_response=False)
        return captured(event, context)

    return tracing
