# SPDX-License-Identifier: Apache-2.0
"""The GPUs and NVSwitches that the simulator pretends to have: their chips,
their certificates as NVIDIA and the devices themselves would have made them,
and what their firmware measures. For simulator-pki.py and for the vectors
under the simulator's roots (tests/vectors/gpu/make_simulated.py).

Common names are NVIDIA's, since a verifier tells the chip by them; every
organisation is "aver SIMULATOR", and the root is another one."""

from collections import namedtuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID, ObjectIdentifier

from simulator_keys import (DAY, START, Key, authority_id, certificate, crl_at,
                            der, der_integer, der_oid, key_usage, label, name,
                            ocsp_at, octets, other, sequence, subject_id)

CURVE = ec.SECP384R1()
GPU_END = DAY(9999, 12, 31, 23, 59, 59)
OCSP_URL = "http://ocsp.simulator.invalid"
SHA384_OID = der_oid("2.16.840.1.101.3.4.2.2")
ZEROS = bytes(48)

# --- chips -------------------------------------------------------------------

Chip = namedtuple("Chip", "name arch processor mark blocks measured")


def spread(*parts):
    """Numbers, and (first, last) for all of them."""
    return frozenset(n for p in parts for n in (
        range(p[0], p[1] + 1) if isinstance(p, tuple) else (p,)))


# Which measurements are not zero, counted from 0: as on real devices.
GH100 = Chip("GH100", "HOPPER", "GSP", 0x41, 64,
             spread((1, 7), 9, 11, 12, 21, 22, (25, 27), (29, 41)))
GB100 = Chip("GB100", "BLACKWELL", "GSP", 0x41, 64,
             spread((1, 4), 6, 8, (11, 14), (17, 20), 40, 41, (45, 50),
                    (52, 56), (58, 61), 63))
LS10 = Chip("LS_10", "LS10", "FSP", 0x50, 31,
            spread((0, 6), 8, 10, 11, 14, (18, 26)))
CHIPS = {"gh100": GH100, "gb100": GB100, "ls10": LS10}


def measurement(chip, index, how=""):
    """A value that follows from its name. `how` tells others apart that the
    same index may have."""
    if index not in chip.measured and not how:
        return ZEROS
    return label("%s measurement %d%s" % (chip.name, index, how))


NVDEC0_OFF = ", NVDEC0 off"  # what index 35 of a Hopper holds then


def fwid(chip):
    return label("%s FMC" % chip.name)


# --- certificates ------------------------------------------------------------

# Who can issue: subject, key, certificate (DER).
Issuer = namedtuple("Issuer", "subject key cert")


def authority_name(common):
    return name((NameOID.COMMON_NAME, common),
                (NameOID.ORGANIZATION_NAME, "aver SIMULATOR"),
                (NameOID.COUNTRY_NAME, "ZZ"))


def authority(common, above=None, end=GPU_END, start=START, where=(),
              path_length=None):
    """Signed by itself if there is nobody above."""
    subject, key = authority_name(common), Key(common, CURVE)
    by = above or Issuer(subject, key, None)
    made = certificate(
        subject, key, by.subject, by.key, end,
        [(x509.BasicConstraints(True, path_length), True),
         key_usage(key_cert_sign=True, crl_sign=True), *where,
         subject_id(key), authority_id(by.key)], start=start)
    return Issuer(subject, key, made)


def below_root(common, above, which):
    return authority(common, above, where=[
        crl_at("http://crl.simulator.invalid/crl/%s.crl" % which),
        ocsp_at(OCSP_URL)])


ROOT = authority("NVIDIA Device Identity CA")
IDENTITY = {n: below_root("NVIDIA %s Identity" % n, ROOT, "l1-root")
            for n in ("GH100", "GB100")}
# The switches' provisioner stands below Hopper's identity CA.
IDENTITY_OF = {"GH100": "GH100", "LS_10": "GH100", "GB100": "GB100"}
PROVISIONER = {
    n: below_root("NVIDIA %s Provisioner ICA %s" % (n, number),
                  IDENTITY[IDENTITY_OF[n]], "l2-" + IDENTITY_OF[n].lower())
    for n, number in (("GH100", "1"), ("GB100", "00000"), ("LS_10", "1"))}


def device_name(common, serial):
    return name((NameOID.SERIAL_NUMBER, serial.hex().upper()),
                (NameOID.COUNTRY_NAME, "ZZ"),
                (NameOID.ORGANIZATION_NAME, "aver SIMULATOR"),
                (NameOID.COMMON_NAME, common))


def hopper_fwid(brom_spki, digest):
    """2.23.133.5.4.1: the key of the BROM certificate, and the digest of the
    firmware that the leaf's key belongs to."""
    return other("2.23.133.5.4.1", sequence(
        der_integer(1), brom_spki, sequence(SHA384_OID, octets(digest))))


def tcb_info_fwid(chip, *digests):
    """2.23.133.5.4.1.1, DiceTcbInfo: the first digest is the firmware's."""
    return other("2.23.133.5.4.1.1", sequence(
        der(0x80, b"SIMULATOR"), der(0x81, chip.name.encode() + b" A01 GSP"),
        der(0x82, b"01"), der(0x83, b"\1"), der(0x84, b"\0"), der(0x85, b"\0"),
        der(0xa6, *(sequence(SHA384_OID, octets(d)) for d in digests)),
        der(0x87, b"\0\x80\0\0\1"), der(0x88, b"\xc0"), der(0x89, b"\0")))


class Device:
    """A GPU or a switch: the BROM's certificate, which is the device, and the
    leaf that its firmware made. The vectors change what they are made of."""

    def __init__(self, chip, number):
        what = "%s %d" % (chip.name, number)
        self.chip, self.issuer = chip, PROVISIONER[chip.name]
        self.pdi = label("PDI of " + what, "sha256")[:8]
        self.brom_key = Key(what + " BROM", CURVE)
        self.leaf_key = Key(what + " AK", CURVE)
        self.serial = bytes([chip.mark]) + self.pdi
        self.leaf_serial = b"\x50" + label("leaf of " + what, "sha256")[:19]
        self.fwid, self.fwid_extension = fwid(chip), None
        self.brom_cn = "%s A01 %s BROM" % (chip.name, chip.processor)
        self.leaf_cn = "%s A01 %s FMC LF" % (chip.name, chip.processor)
        self.brom_dates = self.leaf_dates = (START, GPU_END)
        self.brom_change = self.leaf_change = lambda extensions: extensions

    def brom_extensions(self):
        where = [ocsp_at(OCSP_URL)] if self.chip is GB100 else []
        return [(x509.BasicConstraints(True, None), True),
                key_usage(key_cert_sign=True), *where,
                subject_id(self.brom_key), authority_id(self.issuer.key)]

    def brom(self):
        subject = device_name(self.brom_cn, self.serial)
        start, end = self.brom_dates
        made = certificate(subject, self.brom_key, self.issuer.subject,
                           self.issuer.key, end,
                           self.brom_change(self.brom_extensions()),
                           int.from_bytes(self.serial, "big"), start)
        return Issuer(subject, self.brom_key, made)

    def fwid_made(self):
        if self.fwid_extension is not None:
            return self.fwid_extension
        if self.chip is GB100:
            return [tcb_info_fwid(self.chip, self.fwid, ZEROS)]
        return [hopper_fwid(self.brom_key.spki(), self.fwid)]

    def leaf_extensions(self):
        device = "SIMULATOR:%s:%s" % (self.chip.name, self.pdi.hex().upper())
        return [key_usage(digital_signature=True), subject_id(self.leaf_key),
                authority_id(self.brom_key),
                (x509.SubjectAlternativeName([x509.OtherName(
                    ObjectIdentifier("1.3.6.1.4.1.412.274.1"),
                    der(12, device.encode()))]), False), *self.fwid_made()]

    def leaf(self):
        subject = device_name(self.leaf_cn, self.leaf_serial)
        brom = self.brom()
        start, end = self.leaf_dates
        made = certificate(subject, self.leaf_key, brom.subject, brom.key, end,
                           self.leaf_change(self.leaf_extensions()),
                           int.from_bytes(self.leaf_serial, "big"), start)
        return Issuer(subject, self.leaf_key, made)

    def above(self):
        """From the provisioner up."""
        return [self.issuer, IDENTITY[IDENTITY_OF[self.chip.name]], ROOT]

    def chain(self):
        """Leaf first, five."""
        return [self.leaf(), self.brom(), *self.above()]


def machine():
    """All of the simulator's devices."""
    return {"gh100": [Device(GH100, i) for i in range(8)],
            "gb100": [Device(GB100, i) for i in range(2)],
            "ls10": [Device(LS10, i) for i in range(4)]}
