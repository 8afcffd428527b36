"""What an editor gets from raddle-lsp-server.

usage: lsp.py FILE.mlir

Opens the file and prints its diagnostics; then, for each `^` under a line in a
comment `//   ^ hover`, what is shown at that place of the line above. Afterwards
the document is replaced by one with an error in it, and the server is ended in
the way that editors do it.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

URI = "file:///test.mlir"


class Server:
    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.requests = 0

    def send(self, method, **extra):
        body = json.dumps({"jsonrpc": "2.0", "method": method, **extra}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def receive(self):
        length = 0
        while header := self.process.stdout.readline().strip():
            if match := re.match(rb"(?i)content-length:\s*(\d+)", header):
                length = int(match[1])
        return json.loads(self.process.stdout.read(length))

    def ask(self, method, **params):
        self.requests += 1
        self.send(method, id=self.requests, params=params)
        answer = self.receive()
        assert answer["id"] == self.requests, answer
        return answer["result"]

    def diagnostics(self):
        for found in self.receive()["params"]["diagnostics"]:
            start = found["range"]["start"]
            print(f"{start['line'] + 1}:{start['character'] + 1}: {found['message'].strip()}")


def main(path):
    text = Path(path).read_text()
    server = Server(["raddle-lsp-server"])
    print("server:", server.ask("initialize", capabilities={})["serverInfo"]["name"])
    server.send("textDocument/didOpen", params={"textDocument": {"uri": URI, "languageId": "mlir", "version": 1, "text": text}})
    server.diagnostics()
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if match := re.match(r"//\s*(\^) (\w+)", line):
            # In units of UTF-16, as the protocol demands.
            before = lines[number - 1][:match.start(1)].encode("utf-16-le")
            shown = server.ask("textDocument/hover", textDocument={"uri": URI},
                               position={"line": number - 1, "character": len(before) // 2})
            print(f"{match[2]}: {shown['contents']['value'] if shown else 'nothing'}")
    server.send("textDocument/didChange", params={
        "textDocument": {"uri": URI, "version": 2},
        "contentChanges": [{"text": "func.func @f(%x: tensor<3xf32>) -> tensor<4xf32> {\n"
                                    "  %0 = graph.transpose %x [0] : tensor<3xf32> to tensor<4xf32>\n"
                                    "  return %0 : tensor<4xf32>\n}\n"}]})
    server.diagnostics()
    server.ask("shutdown")
    server.send("exit")
    print("exit code:", server.process.wait(60))


main(sys.argv[1])
