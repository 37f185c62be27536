#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Looks at what `aver chat --json` said in the demo: VERIFIED, by the simulator's
roots, with every required check passed: those of the CPU, of the code and of
the receipt among them."""
import json
import sys

CPU = {"tdx.pck_chain", "tdx.revoked", "tdx.tcb_info_signature", "tdx.qe_report_data",
       "tdx.quote_signature", "tdx.tcb_status", "tdx.debug"}
CODE = {"code.replay", "code.compose"}
RECEIPT = {"receipt.text", "receipt.signature", "receipt.signer",
           "receipt.request_hash", "receipt.response_hash"}


def main(path):
    with open(path) as f:
        said = json.load(f)
    required = {c["id"]: c["result"] for c in said["checks"] if c["required"]}
    problems = [f"{i} is {r}" for i, r in required.items() if r != "pass"]
    if said["verdict"] != "verified" or said.get("simulated") is not True:
        problems.append(f"verdict is {said['verdict']}, expected verified (simulated)")
    for rows in (CPU, CODE, RECEIPT):
        if not rows <= set(required):
            problems.append(f"not judged: {sorted(rows - set(required))}")
    if said.get("receipt_held") is not True:
        problems.append("the receipt does not hold")
    if not said.get("text"):
        problems.append("the model said nothing")
    for p in problems:
        print("demo:", p, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
