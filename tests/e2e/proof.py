# SPDX-License-Identifier: Apache-2.0
"""What a client does to believe an answer: hash what it sent and what came,
and see who signed the two hashes. Independent of aver's own verifier."""
import hashlib
import json
import pathlib

from Crypto.Signature import eddsa
from eth_account import Account
from eth_account.messages import encode_defunct
from eth_utils import is_checksum_address, keccak, to_checksum_address

VECTORS = pathlib.Path(__file__).resolve().parents[1] / "vectors"


def load(*path):
    return json.loads(VECTORS.joinpath(*path).read_text())


def cases(*path):
    loaded = load(*path)
    return loaded["cases"] if isinstance(loaded, dict) else loaded


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def recover(text, signature):
    return Account.recover_message(encode_defunct(text=text), signature=signature)


def ed25519_ok(public, text, signature):
    key = eddsa.import_public_key(bytes.fromhex(public))
    try:
        eddsa.new(key, "rfc8032").verify(text.encode(), bytes.fromhex(signature))
        return True
    except ValueError:
        return False


def check_receipt(reply, request, response, address=None):
    """Asserts that this answer of /v1/signature is a good receipt for these
    exact bytes, signed by `address` (an address or an Ed25519 key)."""
    assert reply.status == 200, reply
    receipt = reply.json()
    assert receipt["text"] == f"{sha256(request)}:{sha256(response)}"
    check_signature(receipt, address)
    return receipt


def check_signature(receipt, address=None):
    if receipt["signing_algo"] == "ecdsa":
        signature = receipt["signature"]
        assert signature.startswith("0x") and len(signature) == 132, signature
        assert signature == signature.lower() and signature[-2:] in ("1b", "1c")
        assert is_checksum_address(receipt["signing_address"])
        signer = recover(receipt["text"], signature)
        assert signer == receipt["signing_address"]
        assert address is None or signer == address
    else:
        assert receipt["signing_algo"] == "ed25519"
        assert len(receipt["signature"]) == 128
        assert ed25519_ok(receipt["signing_address"], receipt["text"], receipt["signature"])
        assert address is None or receipt["signing_address"] == address


def address_of(public):
    """The address of X||Y in hex."""
    return to_checksum_address(keccak(bytes.fromhex(public))[-20:])


def report_data(quote):
    """From a TDX v4 quote."""
    assert quote[:8] == bytes.fromhex("0400020081000000")[:8]
    return quote[568:632]
