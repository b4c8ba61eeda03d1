"""Runs MiniStack. Started with MiniStack's own Python and nothing of ours on its path: standard library only.

Arguments: the engine's folder (only to be seen in the list of processes), and the id of the process to end with, or 0.
"""

import os
import signal
import sys
import threading
import time


def end_with(owner: int) -> None:
    """End this process when its owner is gone, however that happened."""
    while os.getppid() == owner:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    owner = int(sys.argv[2])
    if owner:
        threading.Thread(target=end_with, args=(owner,), daemon=True).start()
    sys.argv = ["ministack"]
    from ministack.app import main as ministack  # type: ignore[import-not-found]  # noqa: PLC0415 - its own environment

    ministack()


if __name__ == "__main__":
    main()
