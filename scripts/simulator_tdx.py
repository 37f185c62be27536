# SPDX-License-Identifier: Apache-2.0
"""The TDX platform that the simulator pretends to be, and the virtual machine
on it: PCK chain and CRLs, the quoting enclave's report, the boot log. Used by
simulator-pki.py and by tests/vectors/tdx/make_simulated.py."""

import functools
import hashlib

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from simulator_keys import (END, START, Key, authority_id, certificate, crl,
                            crl_at, der, der_integer, der_oid, key_usage,
                            label, name, octets, other, sequence, subject_id)

# --- the platform, as Intel would have endorsed it ---------------------------

COMPONENTS = bytes([4, 4, 2, 2, 4, 1, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0])
PCESVN = 13
PCEID = bytes(2)
FMSPC = bytes.fromhex("ff0a7e500000")
TEE_TCB_SVN = bytes([11, 1, 4] + [0] * 13)
QE_ISVPRODID, QE_ISVSVN = 2, 6
QE_ATTRIBUTES = bytes.fromhex("1500000000000000e700000000000000")
QE_AUTH_DATA = bytes(range(32))

SGX_OID = "1.2.840.113741.1.13.1"
ROOT_CRL = "https://simulator.invalid/root-ca.crl"
PCK_CRL = "https://simulator.invalid/pckcrl?ca=platform"
ISSUES = {"key_cert_sign": True, "crl_sign": True}
SIGNS = {"digital_signature": True, "content_commitment": True}
# Role -> issuer, where its CRL would be, key usage, basic constraints.
ROLES = {
    "Root CA": ("Root CA", ROOT_CRL, ISSUES, (True, 1)),
    "PCK Platform CA": ("Root CA", ROOT_CRL, ISSUES, (True, 0)),
    "PCK Certificate": ("PCK Platform CA", PCK_CRL, SIGNS, (False, None)),
    "TCB Signing": ("Root CA", ROOT_CRL, SIGNS, (False, None)),
}


@functools.lru_cache(maxsize=None)
def intel_key(role):
    return Key(role, ec.SECP256R1())


def intel_name(role):
    """The common name is Intel's, since a verifier reads from it what a
    certificate is for; all else says that it is not Intel's."""
    return name((NameOID.COMMON_NAME, "Intel SGX " + role),
                (NameOID.ORGANIZATION_NAME, "aver SIMULATOR"),
                (NameOID.LOCALITY_NAME, "Nowhere"),
                (NameOID.STATE_OR_PROVINCE_NAME, "SIMULATED"),
                (NameOID.COUNTRY_NAME, "ZZ"))


def sgx_entry(suffix, value):
    return sequence(der_oid(SGX_OID + suffix), value)


def sgx_tcb(components=COMPONENTS, cpusvn=None, more=()):
    """`components` holds numbers, or DER that stands in place of one."""
    svns = [sgx_entry(".2.%d" % (i + 1), svn if isinstance(svn, bytes)
                      else der_integer(svn))
            for i, svn in enumerate(components)]
    return sequence(*svns, sgx_entry(".2.17", der_integer(PCESVN)),
                    sgx_entry(".2.18", octets(cpusvn or COMPONENTS)),
                    *(sgx_entry(*e) for e in more))


def sgx_entries():
    """As in a leaf of the Platform CA: member -> value, in Intel's order."""
    yes = der(1, b"\xff")
    return {
        ".1": octets(label("PPID", "sha256")[:16]),
        ".2": sgx_tcb(),
        ".3": octets(PCEID),
        ".4": octets(FMSPC),
        ".5": der(10, b"\x01"),
        ".6": octets(label("platform instance", "sha256")[:16]),
        ".7": sequence(*(sgx_entry(".7.%d" % i, yes) for i in (1, 2, 3)))}


def sgx_extension(entries=None, more=()):
    """The value of SGX_OID."""
    entries = sgx_entries() if entries is None else entries
    return sequence(*(sgx_entry(*e) for e in [*entries.items(), *more]))


def intel_certificate(role, issuer=None, title=None, constraints=None,
                      sgx=None, more=(), drop=None, start=START, end=END,
                      key=None, issuer_title=None):
    """DER. The arguments after `role` are for vectors: issued by another,
    named as another, and so on."""
    by, point, usage, ca = ROLES[role]
    by = issuer or by
    key = key or intel_key(role)
    extensions = [authority_id(intel_key(by)), crl_at(point), subject_id(key),
                  key_usage(**usage),
                  (x509.BasicConstraints(*(constraints or ca)), True)]
    if sgx or role == "PCK Certificate":
        extensions.append(other(SGX_OID, sgx or sgx_extension()))
    extensions = [e for e in [*extensions, *more]
                  if drop is None or not isinstance(e[0], drop)]
    return certificate(intel_name(title or role), key,
                       intel_name(issuer_title or by), intel_key(by), end,
                       extensions, start=start)


def intel_crl(role, **changes):
    """DER. Revokes nobody, unless a vector wants it."""
    return crl(intel_name(role), intel_key(role), **changes)


def qe_report(attestation_point, attributes=QE_ATTRIBUTES, isvsvn=QE_ISVSVN,
              bound=None, miscselect=0):
    """SGX report of the quoting enclave (384 bytes)."""
    if bound is None:
        bound = attestation_point + QE_AUTH_DATA
    report = (COMPONENTS + miscselect.to_bytes(4, "little") + bytes(28) +
              attributes + label("quoting enclave", "sha256") + bytes(32) +
              label("enclave signer", "sha256") + bytes(96) +
              QE_ISVPRODID.to_bytes(2, "little") +
              isvsvn.to_bytes(2, "little") + bytes(60) +
              hashlib.sha256(bound).digest() + bytes(32))
    assert len(report) == 384
    return report


# --- the virtual machine: an image in dstack's "TDX lite" form ---------------

MEMORY_SIZE = 2 << 30
EFI_GLOBAL = bytes.fromhex("61dfe48bca93d211aa0d00e098032b8c")
EFI_IMAGE_SECURITY = bytes.fromhex("cbb219d73a3d9645a3bcdad00e67656f")
# Of OVMF before 202505: the volume with its settings, and its Boot0000.
CFV = ("344bc51c980ba621aaa00da3ed7436f7d6e549197dfe699515dfa2c6583d95e6"
       "412af21c097d473155875ffd561d6790")
BOOT0000 = ("23ada07f5261f12f34a0bd8e46760962d6b4d576a416f1fea1c64bc656b1d28e"
            "acf7047ae6e967c58fd2a98bfa74c298")
# Pages: HOB area at 0x800 + 9; four areas accepted before the firmware runs.
TD_HOB = (0x800, 9, ((0, 6), (9, 2), (11, 2), (16, 16)))


def sha384(data):
    return hashlib.sha384(data).digest()


def leb128(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out) + bytes([value])


def td_hob_bytes(hob):
    base, delta, ranges = hob
    out = leb128(base) + leb128(delta) + leb128(len(ranges))
    for start, count in ranges:
        out += leb128(start) + leb128(count)
    return out


def td_hob_digest(hob, memory):
    """The hand-off blocks that describe `memory` (below 2.75 GiB)."""
    base, delta, ranges = hob
    at = [((base + s) << 12, (base + s + n) << 12) for s, n in ranges]
    areas, done = [], 0
    for start, end in sorted(at):
        if start > done:
            areas.append((7, done, start - done))
        areas.append((0, start, end - start))
        done = end
    areas.append((7, done, memory - done))
    body = b""
    for kind, start, length in areas:
        body += ((3).to_bytes(2, "little") + (48).to_bytes(2, "little") +
                 bytes(4) + bytes(16) + kind.to_bytes(4, "little") +
                 (7).to_bytes(4, "little") + start.to_bytes(8, "little") +
                 length.to_bytes(8, "little"))
    end = ((base + delta) << 12) + 56 + len(body) + 8
    head = ((1).to_bytes(2, "little") + (56).to_bytes(2, "little") + bytes(4) +
            (9).to_bytes(4, "little") + bytes(36) + end.to_bytes(8, "little"))
    return sha384(head + body)


def variable(guid, text):
    return sha384(guid + len(text).to_bytes(8, "little") + bytes(8) +
                  text.encode("utf-16-le"))


def boot_events(image):
    """(register, type, name, payload, digest), in the order of the boot."""
    variable_config, blob, action = 0x80000001, 0x8000000a, 0x80000007
    acpi = b"ACPI DATA".hex()
    v = [variable(EFI_GLOBAL, n) for n in ("SecureBoot", "PK", "KEK")]
    v += [variable(EFI_IMAGE_SECURITY, n) for n in ("db", "dbx")]
    return [(0, 0x8000000b, "", "", image["td_hob_digest"]),
            (0, blob, "", "", bytes.fromhex(CFV))] + [
        (0, variable_config, "", "", d) for d in v] + [
        (0, 4, "", "", sha384(bytes(4))),
        (0, 10, "acpi-loader", acpi, label("ACPI loader")),
        (0, 10, "acpi-rsdp", acpi, label("ACPI RSDP")),
        (0, 10, "acpi-tables", acpi, label("ACPI tables")),
        (1, 0x80000003, "", "", image["kernel_authenticode"]),
        (0, 0x80000002, "", "", sha384(bytes(2))),
        (0, 0x80000002, "", "", bytes.fromhex(BOOT0000)),
        (1, action, "", "",
         sha384(b"Calling EFI Application from Boot Option")),
        (1, 4, "", "", sha384(bytes(4))),
        (2, 6, "", "", image["cmdline_sha384"]),
        (2, 6, "", "", image["initrd_sha384"]),
        (1, action, "", "", sha384(b"Exit Boot Services Invocation")),
        (1, action, "", "",
         sha384(b"Exit Boot Services Returned with Success"))]


def cbor(value):
    def head(major, n):
        return bytes([major << 5 | n]) if n < 24 else bytes(
            [major << 5 | 24, n])

    if isinstance(value, dict):
        return head(5, len(value)) + b"".join(
            cbor(k) + cbor(v) for k, v in value.items())
    if isinstance(value, int):
        return head(0, value)
    if isinstance(value, str):
        return head(3, len(value)) + value.encode()
    return head(2, len(value)) + value


def vm_image():
    image = {n: label(n) for n in ("kernel_authenticode", "cmdline_sha384",
                                   "initrd_sha384")}
    image["mrtd"] = label("virtual firmware")
    image["td_hob_digest"] = td_hob_digest(TD_HOB, MEMORY_SIZE)
    measurement = cbor({
        "version": 3,
        "image": {n: image[n] for n in ("cmdline_sha384",
                                        "kernel_authenticode",
                                        "initrd_sha384")},
        "tdvf": {"ovmf": "pre202505",
                 "mrtd": {"single_pass": image["mrtd"],
                          "two_pass": label("virtual firmware, two passes")},
                 "td_hob": td_hob_bytes(TD_HOB)}})
    image["measurement"] = measurement
    image["checksums"] = (hashlib.sha256(measurement).hexdigest() +
                          "  measurement.tdx.cbor\n").encode()
    return image
