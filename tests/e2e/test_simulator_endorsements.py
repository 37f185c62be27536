# SPDX-License-Identifier: Apache-2.0
"""The simulator's evidence is complete: what `aver attest --endorsements`
prints, and the quote of a report, judged by the openssl program alone: chains,
CRLs, and the signatures over the exact bytes of the two documents."""
import base64
import json
import re
import subprocess

import pytest

from server import ROOT, run

USAGE, UNDECIDED = 2, 3
VECTORS = ROOT / "tests/vectors/tdx/sim"
NOW = "1780272000"  # June 2026
P256 = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200")
ROOT_NAME, SIGNER_NAME = "Intel SGX Root CA", "Intel SGX TCB Signing"


def openssl(*args, ok=True, **more):
    r = subprocess.run(["openssl", *map(str, args)], capture_output=True, timeout=20, **more)
    assert not ok or r.returncode == 0, r.stderr.decode()
    return r


def pem_of(kind, der):
    text = base64.encodebytes(der).decode()
    return f"-----BEGIN {kind}-----\n{text}-----END {kind}-----\n"


def blocks(pem):
    return re.findall(r"-----BEGIN CERTIFICATE-----\n.*?-----END CERTIFICATE-----\n", pem, re.S)


def der_signature(raw):
    """r || s as the SEQUENCE of INTEGERs that openssl reads."""
    assert len(raw) == 64
    parts = b""
    for half in (raw[:32], raw[32:]):
        n = int.from_bytes(half, "big")
        value = n.to_bytes(n.bit_length() // 8 + 1, "big")
        parts += bytes([2, len(value)]) + value
    return bytes([0x30, len(parts)]) + parts


def signed_by(folder, public_pem, message, raw):
    """True if openssl takes it as ECDSA with SHA-256."""
    (folder / "key").write_text(public_pem)
    (folder / "message").write_bytes(message)
    (folder / "signature").write_bytes(der_signature(raw))
    r = openssl("dgst", "-sha256", "-verify", folder / "key", "-signature",
                folder / "signature", folder / "message", ok=False)
    return r.returncode == 0


def public_key(cert):
    return openssl("x509", "-pubkey", "-noout", input=cert.encode()).stdout.decode()


def subject(cert):
    said = openssl("x509", "-noout", "-subject", "-nameopt", "multiline", input=cert.encode())
    return re.search(r"commonName *= (.*)", said.stdout.decode())[1]


@pytest.fixture(scope="module")
def bundle():
    r = run("attest", "--tee", "simulator", "--endorsements")
    assert r.returncode == 0 and r.stderr == b""
    return json.loads(r.stdout)


@pytest.fixture(scope="module")
def quote():
    r = run("attest", "--tee", "simulator", "--gpu", "none", "--nonce", "5a" * 32)
    return bytes.fromhex(json.loads(r.stdout)["intel_quote"])


def pck_chain(quote):
    return blocks(quote[quote.index(b"-----BEGIN"):].rstrip(b"\0").decode())


def verify(folder, chain, crls):
    """openssl's verdict on a chain, the last certificate of it pinned."""
    (folder / "leaf").write_text(chain[0])
    (folder / "middle").write_text("".join(chain[1:-1]))
    (folder / "root").write_text(chain[-1])
    (folder / "crls").write_text("".join(pem_of("X509 CRL", c) for c in crls))
    middle = ["-untrusted", folder / "middle"] if len(chain) > 2 else []
    return openssl("verify", "-x509_strict", "-attime", NOW, "-crl_check_all", "-CRLfile",
                   folder / "crls", "-trusted", folder / "root", *middle, folder / "leaf", ok=False)


def test_every_chain_verifies_with_its_crls(bundle, quote, folder):
    root_crl, pck_crl = (bytes.fromhex(bundle[m]) for m in ("root_ca_crl", "pck_crl"))
    chains = {m: blocks(bundle[m]) for m in bundle if m.endswith("_chain")}
    assert len(chains) == 3
    chains["quote"] = pck_chain(quote)
    roots = {chain[-1] for chain in chains.values()}
    assert len(roots) == 1 and subject(roots.pop()) == ROOT_NAME
    for member, chain in chains.items():
        r = verify(folder, chain, [root_crl, pck_crl])
        assert r.returncode == 0, (member, r.stderr)
    # The CRLs were looked at: without one of them there is no verdict.
    assert b"CRL" in verify(folder, chains["quote"], [root_crl]).stderr
    assert b"CRL" in verify(folder, chains["tcb_info_issuer_chain"], [pck_crl]).stderr


def test_documents_are_signed_over_their_exact_bytes(bundle, folder):
    for member in ("tcb_info", "qe_identity"):
        signer = blocks(bundle[member + "_issuer_chain"])[0]
        assert subject(signer) == SIGNER_NAME
        text, raw = bundle[member].encode(), bytes.fromhex(bundle[member + "_signature"])
        assert json.dumps(json.loads(text), separators=(",", ":")).encode() == text
        assert signed_by(folder, public_key(signer), text, raw)
        for other in (text + b" ", text.replace(b"UpToDate", b"OutOfDate", 1)):
            assert not signed_by(folder, public_key(signer), other, raw)


def test_quote_and_qe_report_are_signed(quote, folder):
    data = quote[636:]
    qe_report, qe_signature = data[134:518], data[518:582]
    assert signed_by(folder, public_key(pck_chain(quote)[0]), qe_report, qe_signature)
    attestation = pem_of("PUBLIC KEY", P256 + b"\x04" + data[64:128])
    assert signed_by(folder, attestation, quote[:632], data[:64])
    assert not signed_by(folder, attestation, quote[:631] + b"\0", data[:64])


def test_bundle_is_that_of_the_vectors(bundle):
    """Which a script puts together, not the program. (The rest is NVIDIA's:
    test_simulator_gpu.py.)"""
    intel = {name: value for name, value in bundle.items() if name not in ("rims", "ocsp")}
    assert json.loads((VECTORS / "collateral.json").read_text()) == intel


def test_quote_is_laid_out_as_that_of_the_vectors(quote):
    """They differ in what the application is, and in the signature over it."""
    other = (VECTORS / "sim-good/quote.bin").read_bytes()
    assert len(quote) == len(other)
    differ = {n for n in range(len(quote)) if quote[n] != other[n]}
    mrconfigid, registers = range(232, 280), range(376, 632)
    assert differ - set(mrconfigid) - set(registers) - set(range(636, 700)) == set()


@pytest.mark.parametrize("args", [[], ["--tee", "auto"], ["--tee", "dstack"], ["--tee", "tsm"]])
def test_only_the_simulator_has_endorsements(args):
    r = run("attest", "--endorsements", *args)
    assert r.returncode == UNDECIDED and r.stdout == b""
    assert b"--tee simulator" in r.stderr and b"--collateral" in r.stderr


def test_endorsements_are_not_of_one_report():
    for more in (["--gpu", "none"], ["--nonce", "00" * 32], ["--signing-algo", "ecdsa"]):
        r = run("attest", "--tee", "simulator", "--endorsements", *more)
        assert r.returncode == USAGE and r.stdout == b"", more
