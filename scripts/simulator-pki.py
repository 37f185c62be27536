#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes src/attest/simulator_pki.c and simulator_pki_gpu.c: the machine that
the simulator pretends to be. Certificates, CRLs, a quoting enclave's signed
report, a boot log and its measurements, GPU identities; everything that a
real machine has before the first quote is asked for. What changes per quote
is made in C.

    scripts/simulator-pki.py tdx > src/attest/simulator_pki.c
    scripts/simulator-pki.py gpu > src/attest/simulator_pki_gpu.c

Every private key follows from its name, so the keys (and with them the roots
that a verifier pins) stay the same from run to run; only signatures differ.
Nothing here is secret, and nothing that it signs proves anything.
Needs python3-cryptography (Debian)."""

import base64
import datetime
import hashlib
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric import utils
from cryptography.x509.oid import ExtensionOID, NameOID, ObjectIdentifier

DAY = datetime.datetime
START, END = DAY(2024, 1, 1), DAY(2049, 12, 31, 23, 59, 59)
GPU_END = DAY(9999, 12, 31, 23, 59, 59)
ORDER = {
    "secp256r1":
    0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551,
    "secp384r1":
    0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf
    << 128 | 0x581a0db248b0a77aecec196accc52973,
}


def label(text, algorithm="sha384"):
    """A measurement of something that does not exist, named by `text`."""
    return hashlib.new(algorithm, b"aver SIMULATOR " + text.encode()).digest()


# --- keys and signatures -----------------------------------------------------


class Key:
    def __init__(self, name, curve):
        seed = int.from_bytes(label("private key: " + name, "sha512"), "big")
        self.secret = seed % (ORDER[curve.name] - 1) + 1
        self.private = ec.derive_private_key(self.secret, curve)
        self.public = self.private.public_key()
        self.size = curve.key_size // 8
        self.hash = hashes.SHA256() if self.size == 32 else hashes.SHA384()

    def secret_bytes(self):
        return self.secret.to_bytes(self.size, "big")

    def point(self):
        """X || Y."""
        return self.public.public_bytes(
            serialization.Encoding.X962,
            serialization.PublicFormat.UncompressedPoint)[1:]

    def spki(self):
        return self.public.public_bytes(
            serialization.Encoding.DER,
            serialization.PublicFormat.SubjectPublicKeyInfo)

    def sign(self, message):
        """r || s."""
        der = self.private.sign(message, ec.ECDSA(self.hash))
        return b"".join(v.to_bytes(self.size, "big")
                        for v in utils.decode_dss_signature(der))


# --- DER ---------------------------------------------------------------------


def der(tag, *parts):
    body = b"".join(parts)
    n = len(body)
    size = bytes([n]) if n < 128 else (
        bytes([0x81, n]) if n < 256 else bytes([0x82]) + n.to_bytes(2, "big"))
    return bytes([tag]) + size + body


def der_integer(value):
    return der(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def der_oid(dotted):
    arcs = [int(a) for a in dotted.split(".")]
    out = b""
    for arc in [arcs[0] * 40 + arcs[1]] + arcs[2:]:
        septets = [arc & 127]
        while arc > 127:
            arc >>= 7
            septets.insert(0, arc & 127 | 128)
        out += bytes(septets)
    return der(6, out)


def sequence(*parts):
    return der(0x30, *parts)


def octets(value):
    return der(4, value)


# --- certificates ------------------------------------------------------------


def name(*pairs):
    return x509.Name([x509.NameAttribute(oid, text) for oid, text in pairs])


def certificate(subject, key, issuer, issuer_key, end, extensions,
                serial=None):
    if serial is None:
        digest = label("serial: " + subject.rfc4514_string(), "sha256")
        serial = int.from_bytes(digest[:19], "big") | 1 << 151
    builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(
        issuer).public_key(key.public).serial_number(serial).not_valid_before(
            START).not_valid_after(end))
    for value, critical in extensions:
        builder = builder.add_extension(value, critical)
    return builder.sign(issuer_key.private, issuer_key.hash)


def key_usage(**on):
    every = ("digital_signature", "content_commitment", "key_encipherment",
             "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign",
             "encipher_only", "decipher_only")
    return x509.KeyUsage(**{k: on.get(k, False) for k in every}), True


def subject_id(key):
    return x509.SubjectKeyIdentifier.from_public_key(key.public), False


def authority_id(key):
    return (x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public),
            False)


def crl_at(url):
    return x509.CRLDistributionPoints(
        [x509.DistributionPoint([x509.UniformResourceIdentifier(url)], None,
                                None, None)]), False


def ocsp_at(url):
    return x509.AuthorityInformationAccess([
        x509.AccessDescription(x509.oid.AuthorityInformationAccessOID.OCSP,
                               x509.UniformResourceIdentifier(url))]), False


def other(oid, value):
    return x509.UnrecognizedExtension(ObjectIdentifier(oid), value), False


def crl(issuer, key):
    """Revokes nobody."""
    builder = (x509.CertificateRevocationListBuilder().issuer_name(
        issuer).last_update(START).next_update(END).add_extension(
            authority_id(key)[0], False).add_extension(x509.CRLNumber(1),
                                                       False))
    return builder.sign(key.private, key.hash).public_bytes(
        serialization.Encoding.DER)


def pem(cert):
    return cert.public_bytes(serialization.Encoding.PEM).decode()


# --- the platform, as Intel would have endorsed it ---------------------------

COMPONENTS = bytes([4, 4, 2, 2, 4, 1, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0])
PCESVN = 13
PCEID = bytes(2)
FMSPC = bytes.fromhex("ff0a7e500000")
TEE_TCB_SVN = bytes([11, 1, 4] + [0] * 13)
QE_ISVPRODID, QE_ISVSVN = 2, 6
QE_ATTRIBUTES = bytes.fromhex("1500000000000000e700000000000000")
QE_AUTH_DATA = bytes(range(32))


def intel_name(role):
    """Intel's names with "Intel SGX" replaced, nothing else."""
    return name((NameOID.COMMON_NAME, "aver SIMULATOR " + role),
                (NameOID.ORGANIZATION_NAME, "aver SIMULATOR"),
                (NameOID.LOCALITY_NAME, "Nowhere"),
                (NameOID.STATE_OR_PROVINCE_NAME, "SIMULATED"),
                (NameOID.COUNTRY_NAME, "ZZ"))


def sgx_extension():
    """1.2.840.113741.1.13.1, in the form of a Platform CA's leaf."""
    base = "1.2.840.113741.1.13.1"

    def entry(suffix, value):
        return sequence(der_oid(base + suffix), value)

    svns = [entry(".2.%d" % (i + 1), der_integer(svn))
            for i, svn in enumerate(COMPONENTS)]
    tcb = sequence(*svns, entry(".2.17", der_integer(PCESVN)),
                   entry(".2.18", octets(COMPONENTS)))
    yes = der(1, b"\xff")
    setup = sequence(*(entry(".7.%d" % i, yes) for i in (1, 2, 3)))
    return sequence(
        entry(".1", octets(label("PPID", "sha256")[:16])), entry(".2", tcb),
        entry(".3", octets(PCEID)), entry(".4", octets(FMSPC)),
        entry(".5", der(10, b"\x01")),
        entry(".6", octets(label("platform instance", "sha256")[:16])),
        entry(".7", setup))


def intel_chain():
    curve = ec.SECP256R1()
    keys = {n: Key(n, curve) for n in ("Root CA", "PCK Platform CA",
                                       "PCK Certificate", "attestation key")}
    root, ca = keys["Root CA"], keys["PCK Platform CA"]
    leaf = keys["PCK Certificate"]
    names = {n: intel_name(n) for n in keys}
    root_crl = crl_at("https://simulator.invalid/root-ca.crl")
    pck_crl = crl_at("https://simulator.invalid/pckcrl?ca=platform")
    signs = key_usage(key_cert_sign=True, crl_sign=True)

    def issue(who, issuer, point, usage, constraints, *more):
        return certificate(
            names[who], keys[who], names[issuer], keys[issuer], END,
            [authority_id(keys[issuer]), point, subject_id(keys[who]), usage,
             (constraints, True), *more])

    return keys, {
        "root": issue("Root CA", "Root CA", root_crl, signs,
                      x509.BasicConstraints(True, 1)),
        "platform_ca": issue("PCK Platform CA", "Root CA", root_crl, signs,
                             x509.BasicConstraints(True, 0)),
        "pck": issue("PCK Certificate", "PCK Platform CA", pck_crl,
                     key_usage(digital_signature=True,
                               content_commitment=True),
                     x509.BasicConstraints(False, None),
                     other("1.2.840.113741.1.13.1", sgx_extension())),
        "root_crl": crl(names["Root CA"], root),
        "pck_crl": crl(names["PCK Platform CA"], ca),
        "leaf_key": leaf,
    }


def qe_report(attestation_point):
    """SGX report of the quoting enclave (384 bytes)."""
    binding = hashlib.sha256(attestation_point + QE_AUTH_DATA).digest()
    report = (COMPONENTS + bytes(4) + bytes(28) + QE_ATTRIBUTES +
              label("quoting enclave", "sha256") + bytes(32) +
              label("enclave signer", "sha256") + bytes(96) +
              QE_ISVPRODID.to_bytes(2, "little") +
              QE_ISVSVN.to_bytes(2, "little") + bytes(60) + binding +
              bytes(32))
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


# --- the GPUs, as NVIDIA would have made them --------------------------------

GPU_COUNT = 8


def fwid_extension(brom, fwid):
    """2.23.133.5.4.1 as Hopper writes it: the key of the BROM certificate,
    and the digest of the firmware that the leaf's key belongs to."""
    sha384_oid = der_oid("2.16.840.1.101.3.4.2.2")
    return sequence(der_integer(1), brom.spki(),
                    sequence(sha384_oid, octets(fwid)))


def device_name(common, serial):
    return name((NameOID.SERIAL_NUMBER, serial),
                (NameOID.COUNTRY_NAME, "ZZ"),
                (NameOID.ORGANIZATION_NAME, "aver SIMULATOR"),
                (NameOID.COMMON_NAME, common))


def authority_name(common):
    return name((NameOID.COMMON_NAME, common),
                (NameOID.ORGANIZATION_NAME, "aver SIMULATOR"))


def gpu_shared():
    """Root, identity CA, provisioner: one set for all devices."""
    curve = ec.SECP384R1()
    tiers = ["aver SIMULATOR Device Identity CA", "SIMULATOR GH100 Identity",
             "SIMULATOR GH100 Provisioner ICA 1"]
    keys = [Key(t, curve) for t in tiers]
    usage = key_usage(key_cert_sign=True, crl_sign=True)
    certs = []
    for i, tier in enumerate(tiers):
        above = max(i - 1, 0)
        where = [] if i == 0 else [
            crl_at("http://simulator.invalid/crl/l%d.crl" % i),
            ocsp_at("http://ocsp.simulator.invalid")]
        certs.append(certificate(
            authority_name(tier), keys[i], authority_name(tiers[above]),
            keys[above], GPU_END,
            [(x509.BasicConstraints(True, None), True), usage, *where,
             subject_id(keys[i]), authority_id(keys[above])]))
    return keys[2], authority_name(tiers[2]), certs


def gpu_device(index, issuer_key, issuer_name, fwid):
    curve = ec.SECP384R1()
    brom, leaf = Key("GPU %d BROM" % index, curve), Key("GPU %d AK" % index,
                                                        curve)
    pdi = label("GPU %d PDI" % index, "sha256")[:8]
    serial = b"\x41" + pdi
    brom_name = device_name("GH100 A01 GSP BROM SIMULATOR",
                            serial.hex().upper())
    brom_cert = certificate(
        brom_name, brom, issuer_name, issuer_key, GPU_END,
        [(x509.BasicConstraints(True, None), True),
         key_usage(key_cert_sign=True), subject_id(brom),
         authority_id(issuer_key)], int.from_bytes(serial, "big"))
    leaf_serial = b"\x50" + label("GPU %d leaf" % index, "sha256")[:19]
    device = "SIMULATOR:GH100:" + pdi.hex().upper()
    leaf_cert = certificate(
        device_name("GH100 A01 GSP FMC LF SIMULATOR",
                    leaf_serial.hex().upper()), leaf, brom_name, brom, GPU_END,
        [key_usage(digital_signature=True), subject_id(leaf),
         authority_id(brom),
         (x509.SubjectAlternativeName([x509.OtherName(
             ObjectIdentifier("1.3.6.1.4.1.412.274.1"),
             der(12, device.encode()))]), False),
         other("2.23.133.5.4.1", fwid_extension(brom, fwid))],
        int.from_bytes(leaf_serial, "big"))
    return leaf, leaf_cert, brom_cert


# --- C -----------------------------------------------------------------------

HEAD = """\
/* SPDX-License-Identifier: Apache-2.0
 *
 * %s: GENERATED by scripts/simulator-pki.py, do not edit.
 * The machine that the simulator pretends to be: %s.
 * The private keys are public by design: whoever reads this can sign, so
 * evidence under these roots proves nothing and no verifier accepts it unless
 * it was told to trust the simulator. */
#include "attest/simulator_pki.h"

/* clang-format off */"""


def c_bytes(data, indent="    "):
    lines = (data[i:i + 12] for i in range(0, len(data), 12))
    return "\n".join(indent + " ".join("0x%02x," % b for b in line)
                     for line in lines)


def c_text(text, indent="    "):
    return "\n".join('%s"%s\\n"' % (indent, line)
                     for line in text.splitlines())


def put_bytes(symbol, data):
    print("\nconst uint8_t %s[%d] = {\n%s\n};" % (symbol, len(data),
                                                 c_bytes(data)))


def put_view(symbol, data):
    print("\nstatic const uint8_t %s_der[] = {\n%s\n};" % (symbol,
                                                          c_bytes(data)))
    print("const struct aver_bytes %s = {%s_der, sizeof %s_der};" %
          (symbol, symbol, symbol))


def put_text(symbol, text):
    print("\nconst char %s[] =\n%s;" % (symbol, c_text(text)))


def put_base64(symbol, data):
    print('\nconst char %s[] =' % symbol)
    text = base64.b64encode(data).decode()
    lines = [text[i:i + 68] for i in range(0, len(text), 68)]
    print("\n".join('    "%s"' % line for line in lines) + ";")


def put_platform():
    keys, chain = intel_chain()
    put_text("simulator_root_pem", pem(chain["root"]))
    put_text("simulator_platform_ca_pem", pem(chain["platform_ca"]))
    put_text("simulator_pck_pem", pem(chain["pck"]))
    put_view("simulator_root_crl", chain["root_crl"])
    put_view("simulator_pck_crl", chain["pck_crl"])
    attestation = keys["attestation key"]
    put_bytes("simulator_attestation_key", attestation.secret_bytes())
    put_bytes("simulator_attestation_point", b"\x04" + attestation.point())
    report = qe_report(attestation.point())
    put_bytes("simulator_qe_report", report)
    put_bytes("simulator_qe_signature", chain["leaf_key"].sign(report))
    put_bytes("simulator_qe_auth_data", QE_AUTH_DATA)
    put_bytes("simulator_qe_id", label("QE id", "sha256")[:16])


def put_vm():
    image = vm_image()
    put_bytes("simulator_tee_tcb_svn", TEE_TCB_SVN)
    put_bytes("simulator_mrseam", label("TDX module"))
    put_bytes("simulator_mrtd", image["mrtd"])
    put_bytes("simulator_os_image_hash",
              hashlib.sha256(image["checksums"]).digest())
    put_base64("simulator_measurement_base64", image["measurement"])
    put_base64("simulator_checksums_base64", image["checksums"])
    events = boot_events(image)
    print("\nconst struct simulator_event simulator_boot_events[] = {")
    for imr, kind, event, payload, digest in events:
        print('    {%d, 0x%08xU, "%s", "%s",\n     {\n%s\n     }},' %
              (imr, kind, event, payload, c_bytes(digest, "         ")))
    print("};\nconst size_t simulator_boot_event_count = %d;" % len(events))


def put_gpus():
    fwid = label("GSP FMC")
    issuer_key, issuer_name, shared = gpu_shared()
    put_text("simulator_gpu_root_pem", pem(shared[0]))
    put_text("simulator_gpu_identity_pem", pem(shared[1]))
    put_text("simulator_gpu_provisioner_pem", pem(shared[2]))
    put_bytes("simulator_gpu_fwid", fwid)
    print("\nconst struct simulator_gpu simulator_gpus[SIMULATOR_GPU_MAX] = {")
    for i in range(GPU_COUNT):
        key, leaf, brom = gpu_device(i, issuer_key, issuer_name, fwid)
        print("    {\n     .leaf_pem =\n%s,\n     .brom_pem =\n%s," %
              (c_text(pem(leaf), "         "),
               c_text(pem(brom), "         ")))
        print("     .key = {\n%s\n     },\n     .point = {\n%s\n     },\n"
              "    }," %
              (c_bytes(key.secret_bytes(), "         "),
               c_bytes(b"\x04" + key.point(), "         ")))
    print("};")


PARTS = {
    "tdx": ("simulator_pki", "keys, certificates, CRLs,\n"
            " * the quoting enclave's report, boot log", (put_platform,
                                                        put_vm)),
    "gpu": ("simulator_pki_gpu", "GPUs' keys and certificates", (put_gpus,)),
}


def main():
    if len(sys.argv) != 2 or sys.argv[1] not in PARTS:
        sys.exit("usage: simulator-pki.py tdx|gpu")
    title, what, writers = PARTS[sys.argv[1]]
    print(HEAD % (title, what))
    for write in writers:
        write()


if __name__ == "__main__":
    main()
