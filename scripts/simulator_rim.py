# SPDX-License-Identifier: Apache-2.0
"""Reference integrity manifests as NVIDIA signs them (TCG RIM, a SWID tag of
ISO/IEC 19770-2, signed by XML-DSIG with Canonical XML 1.1), for what the
simulator's devices measure. The signer's chain has four certificates below a
root of its own, which is not the devices'.

Every tag is written twice from the same parts: as it travels, and in
canonical form."""

import base64
import hashlib
from collections import namedtuple

from cryptography import x509
from cryptography.x509.oid import NameOID

from simulator_gpu import (CURVE, GB100, GH100, LS10, OCSP_URL, ZEROS, Issuer,
                           authority, measurement, spread)
from simulator_keys import (END, START, Key, authority_id, certificate, crl_at,
                            key_usage, label, name, ocsp_at, subject_id)

# --- who signs ---------------------------------------------------------------

ROOT = authority("NVIDIA CoRIM signing Root CA", end=END)


def signer_leaf(common, what, above, dates=(START, END), ca=False):
    subject = name((NameOID.COUNTRY_NAME, "ZZ"),
                   (NameOID.ORGANIZATION_NAME, "aver SIMULATOR"),
                   (NameOID.COMMON_NAME, common))
    key = Key(what, CURVE)
    digest = label("serial: RIM signer " + what, "sha256")
    made = certificate(
        subject, key, above.subject, above.key, dates[1],
        [subject_id(key), authority_id(above.key),
         (x509.BasicConstraints(ca, None), True),
         key_usage(digital_signature=True), ocsp_at(OCSP_URL)],
        int.from_bytes(digest[:8], "big") | 1 << 63, dates[0])
    return Issuer(subject, key, made)


def signer_chain(product, number, common):
    """Leaf first, with the root."""
    top = authority("NVIDIA Reference Value %s CA" % product, ROOT, END,
                    where=[crl_at("http://crl.simulator.invalid/"
                                  "crl-corim/l1-corim"), ocsp_at(OCSP_URL)])
    middle = authority("NVIDIA Reference Value L3 %s %s" % (product, number),
                       top, END, where=[ocsp_at(OCSP_URL)], path_length=0)
    return [signer_leaf(common, common + " " + product, middle), middle, top,
            ROOT]


SIGNERS = {"gh100": signer_chain("GH100", "002", "HCC RIM L4 Signer"),
           "gb100": signer_chain("GB100", "001", "HCC RIM L4 Signer"),
           "ls10": signer_chain("LS10", "001",
                                "NVIDIA Reference Value L4 LS10")}

# --- XML ---------------------------------------------------------------------

SWID = "http://standards.iso.org/iso/19770/-2/2015/schema.xsd"
DSIG = "http://www.w3.org/2000/09/xmldsig#"
XMLENC = "http://www.w3.org/2001/04/xmlenc#sha384"
RIMIM = ("https://trustedcomputinggroup.org/resource/"
         "tcg-reference-integrity-manifest-rim-information-model/")


def declares(name):
    return name == "xmlns" or name.startswith("xmlns:")


def start(tag, attributes, canonical):
    """No element here has attributes of two namespaces, so those with a
    prefix are in order by their local names. No value needs escaping."""
    if canonical:
        spaces = sorted(a for a in attributes if declares(a[0]))
        plain = sorted(a for a in attributes if ":" not in a[0]
                       and not declares(a[0]))
        rest = sorted(a for a in attributes if ":" in a[0]
                      and not declares(a[0]))
        attributes = spaces + plain + rest
    return "<" + tag + "".join(' %s="%s"' % a for a in attributes)


def empty(tag, attributes, canonical):
    return start(tag, attributes, canonical) + (
        "></%s>" % tag if canonical else "/>")


# An entry: is it active, and the values that it may have.
Entry = namedtuple("Entry", "index active values")

Rim = namedtuple("Rim", "product version edition entries")


def resource(entry):
    return [("type", "Measurement"), ("index", str(entry.index)),
            ("active", str(entry.active)),
            ("alternatives", str(len(entry.values))),
            *(("ns2:Hash%d" % i, v if isinstance(v, str) else v.hex())
              for i, v in enumerate(entry.values)),
            ("name", "Measurement_%d" % entry.index), ("size", "48")]


def document(rim, canonical):
    """In two parts: the signature goes between them."""
    spaces = [("xmlns", SWID), ("xmlns:ns0", SWID), ("xmlns:ns2", XMLENC)]
    root = [("corpus", "false"), ("name", rim.product), ("patch", "false"),
            ("supplemental", "false"),
            ("tagId", label("RIM %s %s" % (rim.product, rim.version)).hex()),
            ("version", "1.0"), ("tagVersion", "0")]
    meta = [("xmlns:ns1", RIMIM), ("colloquialVersion", rim.version),
            ("edition", rim.edition), ("product", rim.product),
            ("revision", "r1"), ("PayloadType", "direct"),
            ("ns1:BindingSpec", "RIMIM"), ("ns1:BindingSpecVersion", "1.01"),
            ("ns1:PlatformManufacturerId", "0"),
            ("ns1:PlatformManufacturerStr", "aver SIMULATOR"),
            ("ns1:PlatformModel", rim.product),
            ("ns1:FirmwareManufacturer", "aver SIMULATOR"),
            ("ns1:FirmwareManufacturerId", "0")]
    entity = [("name", "aver SIMULATOR"),
              ("role", "softwareCreator tagCreator")]
    lines = [start("SoftwareIdentity", spaces + root, canonical) + ">",
             "    " + empty("ns0:Entity", entity, canonical),
             "    " + empty("ns0:Meta", meta, canonical),
             "    " + start("ns0:Payload", [("xmlns:SHA384", XMLENC)],
                            canonical) + ">"]
    lines += ["        " + empty("ns0:Resource", resource(e), canonical)
              for e in rim.entries]
    lines += ["    </ns0:Payload>", ""]
    return "\n".join(lines), "</SoftwareIdentity>"


C14N = "http://www.w3.org/2006/12/xml-c14n11"
ECDSA = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384"
SHA384 = "http://www.w3.org/2001/04/xmldsig-more#sha384"


def signed_info(digest, canonical, uri="", method=ECDSA):
    """In canonical form with all namespaces that are in scope there."""
    spaces = [("xmlns", SWID), ("xmlns:ds", DSIG), ("xmlns:ns0", SWID),
              ("xmlns:ns2", XMLENC)] if canonical else []

    def algorithm(tag, uri):
        return empty("ds:" + tag, [("Algorithm", uri)], canonical)

    return (start("ds:SignedInfo", spaces, canonical) + ">"
            + algorithm("CanonicalizationMethod", C14N)
            + algorithm("SignatureMethod", method)
            + '<ds:Reference URI="%s"><ds:Transforms>' % uri
            + algorithm("Transform", DSIG + "enveloped-signature")
            + algorithm("Transform", C14N) + "</ds:Transforms>"
            + algorithm("DigestMethod", SHA384)
            + "<ds:DigestValue>%s</ds:DigestValue></ds:Reference>"
              "</ds:SignedInfo>" % base64.b64encode(digest).decode())


def lines_of(der):
    return base64.encodebytes(der).decode().replace("\n", "")


def wrapped(der):
    text = lines_of(der)
    return "\n".join(text[i:i + 64] for i in range(0, len(text), 64)) + "\n"


def signature(digest, chain, key=None, **more):
    """The element ds:Signature."""
    key = key or chain[0].key
    value = key.sign(signed_info(digest, True, **more).encode())
    certs = "".join("<ds:X509Certificate>%s</ds:X509Certificate>" %
                    wrapped(link.cert) for link in chain)
    return ('<ds:Signature xmlns:ds="%s">' % DSIG
            + signed_info(digest, False, **more)
            + "<ds:SignatureValue>%s</ds:SignatureValue>" % lines_of(value)
            + "<ds:KeyInfo><ds:X509Data>%s</ds:X509Data></ds:KeyInfo>" % certs
            + "</ds:Signature>")


def digest_of(rim):
    return hashlib.sha384("".join(document(rim, True)).encode()).digest()


def signed(rim, chain, **more):
    """The text of the file."""
    head, tail = document(rim, False)
    return head + signature(digest_of(rim), chain, **more) + tail


# --- the simulator's ---------------------------------------------------------

DRIVER = "999.99.99"
VBIOS = {"gh100": "96.00.FF.FF.FF", "gb100": "97.00.FF.FF.FF",
         "ls10": "96.10.FF.FF.FF"}

# Other values that a measurement may have, and the place of the usual one.
ALTERNATIVES = {
    GH100: {12: (4, 2), 23: (2, 1), 24: (2, 1), 32: (2, 0), 35: (4, 1)},
    GB100: {6: (2, 0), 19: (2, 1), 20: (2, 0)},
    LS10: {},
}


def values(chip, index):
    n, usual = ALTERNATIVES[chip].get(index, (1, 0))
    return [measurement(chip, index, "" if i == usual
                        else ", alternative %d" % i) for i in range(n)]


def entries(chip, active):
    return [Entry(i, True, values(chip, i)) if i in active
            else Entry(i, False, [ZEROS]) for i in range(chip.blocks)]


RIMS = {
    "gh100_driver": Rim("GH100", DRIVER, "GPU",
                        entries(GH100, spread(7, (21, 41)))),
    "gh100_vbios": Rim("GH100", VBIOS["gh100"], "GPU",
                       entries(GH100, spread((0, 6), (8, 12)))),
    "gb100_driver": Rim("GB100", DRIVER, "GPU",
                        entries(GB100, spread(14, (21, 52)))),
    "gb100_vbios": Rim("GB100", VBIOS["gb100"], "GPU",
                       entries(GB100, spread((0, 13), (15, 20)))),
    "ls10": Rim("LS10", VBIOS["ls10"], "SWITCH",
                entries(LS10, spread((0, 30)))),
}


def signer_of(which):
    return SIGNERS[which.partition("_")[0]]
