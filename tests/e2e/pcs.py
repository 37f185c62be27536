# SPDX-License-Identifier: Apache-2.0
"""A stand-in for a PCCS, a cache of Intel's service: it serves what the real one
said (tests/vectors/tdx/pcs-raw), byte for byte and with its headers."""
import http.server
import json
import pathlib
import ssl
import subprocess
import threading
import time
import urllib.parse

from server import ROOT

RAW = ROOT / "tests/vectors/tdx/pcs-raw/90c06f-20260610"
TCB, QE, PCK, CRL = ("/tdx/certification/v4/tcb?fmspc=90c06f000000", "/tdx/certification/v4/qe/identity",
                     "/sgx/certification/v4/pckcrl?ca=platform&encoding=der", "/sgx/certification/v4/rootcacrl")
HOP = {"content-length", "connection", "date", "server", "transfer-encoding"}


def captured():
    """{path: [status, headers, body]}"""
    out = {}
    for path, number in ((TCB, "0002"), (QE, "0003"), (PCK, "0004"), (CRL, "0005")):
        said = json.loads(next(RAW.glob(f"{number}_*.json")).read_text())
        headers = [(k, v) for k, values in said["headers"].items() for v in values if k.lower() not in HOP]
        out[path] = [said["status"], headers, next(RAW.glob(f"{number}_*.body")).read_bytes()]
    out[CRL][2] = out[CRL][2].hex().encode()  # as caches send it
    return out


def simulated(bundle):
    """The same of the simulator's platform, from its bundle."""
    fmspc = json.loads(bundle["tcb_info"])["fmspc"].lower()

    def signed(name, member, header):
        body = f'{{"{name}":{bundle[member]},"signature":"{bundle[member + "_signature"]}"}}'
        return [200, [(header, urllib.parse.quote(bundle[member + "_issuer_chain"]))], body.encode()]

    return {f"/tdx/certification/v4/tcb?fmspc={fmspc}": signed("tcbInfo", "tcb_info", "TCB-Info-Issuer-Chain"),
            QE: signed("enclaveIdentity", "qe_identity", "SGX-Enclave-Identity-Issuer-Chain"),
            PCK: [200, [("SGX-PCK-CRL-Issuer-Chain", urllib.parse.quote(bundle["pck_crl_issuer_chain"]))],
                  bytes.fromhex(bundle["pck_crl"])],
            CRL: [200, [], bundle["root_ca_crl"].encode()]}


SHORT = """
import json, sys
import simulator_tcb as tcb
document = tcb.tcb_info()
document |= {"issueDate": sys.argv[1], "nextUpdate": sys.argv[2]}
print(json.dumps(tcb.signed("tcb_info", document)))
"""


def ending_in(bundle, seconds):
    """The simulator's bundle with a TCB info that was issued now and ends so
    soon; and when."""
    begin = int(time.time())
    text = [time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(t)) for t in (begin, begin + seconds)]
    made = subprocess.run(["/usr/bin/python3", "-B", "-c", SHORT, *text], check=True, capture_output=True,
                          cwd=ROOT / "scripts", env={"PYTHONPATH": str(ROOT / "scripts")}).stdout
    return {**bundle, **json.loads(made)}, begin + seconds


class Pcs:
    """answers[path] may be changed, or be a function of the handler."""

    def __init__(self, certificate: pathlib.Path | None = None):
        self.answers, self.asked = captured(), []
        pcs = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                pcs.asked.append(self.path)
                answer = pcs.answers.get(self.path, [404, [], b"No cache data for this platform."])
                if callable(answer):
                    self.close_connection = True
                    answer(self)
                    return
                status, headers, body = answer
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, address):
                pass  # the client may go away, or not like our certificate

        self.server = Server(("127.0.0.1", 0), Handler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"http{'s' if certificate else ''}://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def self_signed(folder):
    """A certificate for 127.0.0.1 that no root of the system knows, with its key."""
    path = folder / "self.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "3650",
                    "-keyout", folder / "key.pem", "-out", folder / "cert.pem"], check=True, capture_output=True)
    path.write_text((folder / "key.pem").read_text() + (folder / "cert.pem").read_text())
    return path
