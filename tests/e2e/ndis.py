# SPDX-License-Identifier: Apache-2.0
"""A stand-in for NVIDIA's two services: RIMs by name (GET /v1/rim/ID), and OCSP
(POST to any other path). It knows what it is given, and says nothing else."""
import base64
import hashlib
import http.server
import json
import re
import threading

from server import ROOT

VECTORS = ROOT / "tests/vectors/gpu"


def rim_answer(name, xml, **other):
    """As the service has it; `other` members replace its own, None drops one."""
    said = {"id": name, "rim": base64.b64encode(xml).decode(), "sha256": hashlib.sha256(xml).hexdigest(),
            "last_updated": "2025-08-11T00:00:00.000000", "rim_format": "TCG", "request_id": "0", **other}
    return 200, json.dumps({k: v for k, v in said.items() if v is not None}).encode()


def elements(der):
    """[(tag, content), ...] of DER that stands side by side."""
    out = []
    while der:
        tag, n, at = der[0], der[1], 2
        if n >= 0x80:
            n, at = int.from_bytes(der[2:2 + n - 0x80], "big"), n - 0x80 + 2
        out.append((tag, der[at:at + n]))
        der = der[at + n:]
    return out


def within(der, *path):
    """The content of the element that these places lead to, one in the other."""
    for i in path:
        der = elements(der)[i][1]
    return der


def asked_for(request):
    """(hash's OID, name hash, key hash, serial) of the one certificate that an
    OCSP request is about; nothing else may stand in it."""
    (one,) = elements(within(request, 0, 0))  # no version, requestor, nonce
    (alone,) = elements(one[1])
    (cert_id,) = elements(alone[1])
    algorithm, name, key, serial = elements(cert_id[1])
    return within(algorithm[1], 0).hex(), name[1], key[1], serial[1]


def serial_of(answer):
    """Of the one certificate that an answer is about."""
    basic = within(answer, 0, 1, 0, 1)
    data = elements(within(basic, 0, 0))
    singles = next(content for tag, content in data if tag == 0x30)
    return within(singles, 0, 0, 3)


REFUSED = bytes.fromhex("30030a0106")  # unauthorized


class Ndis:
    """rims[id]: (status, body); answers[serial]: DER. Either may be a function
    of the handler, which answers itself, or gives DER."""

    def __init__(self):
        self.rims, self.answers, self.asked, self.requests = {}, {}, [], []
        self.by_content = []
        ndis = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def send(self, status, kind, body):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                name = self.path.removeprefix("/v1/rim/")
                ndis.asked.append(name)
                answer = ndis.rims.get(name) or ndis.find(name)
                if callable(answer):
                    self.close_connection = True
                    answer(self)
                else:
                    self.send(answer[0], "application/json", answer[1])

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                serial = asked_for(body)[3]
                ndis.requests.append((self.path, self.headers["Content-Type"], body))
                ndis.asked.append(serial)
                answer = ndis.answers.get(serial, REFUSED)
                if callable(answer):
                    self.close_connection = True
                    answer = answer(self)
                if answer is not None:
                    self.send(200, "application/ocsp-response", answer)

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, address):
                pass  # the client may go away

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def know_case(self, name):
        """What a case of the vectors comes with; its RIMs by their names."""
        case = json.loads((VECTORS / f"cases/{name}/expected.json").read_text())
        for path in case["collateral"]["ocsp"]:
            answer = (VECTORS / path).read_bytes()
            self.answers[serial_of(answer)] = answer
        device = case["fields"]["devices"][0]
        for path, member in zip(case["collateral"]["rims"], ("driver_rim_id", "vbios_rim_id"), strict=True):
            self.rims[device[member]] = rim_answer(device[member], (VECTORS / path).read_bytes())
        return case

    def know_simulated(self, bundle):
        """What the simulator's documents say, of all its devices."""
        for xml in map(base64.b64decode, bundle["rims"]):
            meta = dict(re.findall(rb'(colloquialVersion|product|edition)="([^"]*)"', xml))
            self.by_content.append(({k.decode(): v.decode() for k, v in meta.items()}, xml))
        for answer in map(base64.b64decode, bundle["ocsp"]):
            self.answers[serial_of(answer)] = answer

    def find(self, name):
        """Of what know_simulated knows: by product and version, which are in the names."""
        for meta, xml in self.by_content:
            version = meta["colloquialVersion"]
            if name.endswith("_" + version) and meta["product"] in name or name.endswith("_" + version.replace(".", "")):
                return rim_answer(name, xml)
        return 404, b'{"message":"RIM not found"}'

    def know_real(self):
        """What NVIDIA itself said, at other times."""
        for name in ("NV_GPU_DRIVER_GH100_550.90.07", "NV_GPU_VBIOS_1010_0200_882_96009F0001"):
            self.rims[name] = rim_answer(name, (VECTORS / f"rims/{name}.xml").read_bytes())
        for path in (VECTORS / "ocsp").glob("*.der"):
            if not path.name.startswith("syn"):
                answer = path.read_bytes()
                self.answers[serial_of(answer)] = answer

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
