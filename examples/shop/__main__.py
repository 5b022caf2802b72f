"""Serves one of the two applications on a listening socket that the caller has opened.

    python -m examples.shop examples.shop.app:app FD

The caller keeps the socket open over a deploy, so customers wait a moment instead of being
turned away.
"""

import socket
import sys

import uvicorn


def main() -> None:
    application, descriptor = sys.argv[1:]
    config = uvicorn.Config(application, log_level="critical", access_log=False, lifespan="off")
    listener = socket.socket(fileno=int(descriptor))
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
