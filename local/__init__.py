"""The local stack: the real template on a local AWS, started and stopped by `python -m local` or from Python.

from local import stack

running = stack.up("demo", parameters={"StepSeconds": "1"})
httpx.get(running.api_url + "/v1/health")
stack.down("demo")
"""
