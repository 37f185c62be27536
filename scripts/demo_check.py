#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Looks at what `aver chat --json` said in the demo: the receipt must have
verified, and of all required checks exactly those of the evidence that no
version judges yet may be unknown."""
import json
import sys

NOT_BUILT = {"tdx.quote", "gpu.evidence"}
RECEIPT = {"receipt.text", "receipt.signature", "receipt.signer",
           "receipt.request_hash", "receipt.response_hash"}


def main(path):
    with open(path) as f:
        said = json.load(f)
    required = {c["id"]: c["result"] for c in said["checks"] if c["required"]}
    unknown = {i for i, result in required.items() if result == "unknown"}
    wrong = {i: r for i, r in required.items() if r != "pass" and i not in NOT_BUILT}
    problems = []
    if said["verdict"] != "undecided" or said.get("simulated") is not True:
        problems.append(f"verdict is {said['verdict']}, expected undecided (simulated)")
    if unknown != NOT_BUILT:
        problems.append(f"unknown are {sorted(unknown)}, expected {sorted(NOT_BUILT)}")
    if wrong:
        problems.append(f"did not pass: {wrong}")
    if not RECEIPT <= set(required) or said.get("receipt_held") is not True:
        problems.append("the receipt was not judged, or does not hold")
    if not said.get("text"):
        problems.append("the model said nothing")
    for p in problems:
        print("demo:", p, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
