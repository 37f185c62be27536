/* SPDX-License-Identifier: Apache-2.0
 *
 * simulator: evidence as a TDX machine and NVIDIA GPUs would give it, under
 * certificate chains of its own. Complete and signed, so that a verifier runs
 * every line of itself; worth nothing as evidence, since the private keys are
 * published in simulator_pki*.c. A verifier trusts these roots only when told
 * to. */
#ifndef AVER_ATTEST_SIMULATOR_H
#define AVER_ATTEST_SIMULATOR_H

#include "base/buf.h"

/* The roots, PEM: what a verifier pins in place of Intel's and of NVIDIA's two,
 * for devices and for reference values. */
extern const char simulator_root_pem[];
extern const char simulator_gpu_root_pem[];
extern const char simulator_rim_root_pem[];

/* Makes a quote (v4, TD report 1.0) over `report_data`, and what a dstack
 * guest agent tells beside it. Appended, to buffers that the caller set up
 * and owns:
 *   quote           raw bytes;
 *   event_log_json  text of a JSON array;
 *   info_json       text of a JSON object like the agent's /Info, with
 *                   tcb_info as an object;
 *   vm_config_json  text of a JSON object.
 * 0, or -1 with `err`; what the buffers hold then is undefined. */
AVER_MUST_CHECK int
simulator_quote(const uint8_t report_data[static 64], struct aver_buf *quote,
                struct aver_buf *event_log_json, struct aver_buf *info_json,
                struct aver_buf *vm_config_json, struct aver_error *err);

/* Appends what a verifier needs beside the evidence, as Intel's and NVIDIA's
 * services would give it: the text of a JSON object with
 *   root_ca_crl, pck_crl                       DER in hex;
 *   tcb_info, qe_identity                      strings: the signed bytes;
 *   tcb_info_signature, qe_identity_signature  r || s in hex;
 *   pck_crl_issuer_chain, tcb_info_issuer_chain,
 *   qe_identity_issuer_chain                   PEM, the root last;
 *   rims                                       array: XML in base64;
 *   ocsp                                       array: DER in base64.
 * The same for all evidence, and valid until the end of 2049, but for `ocsp`:
 * those answers were given at least one hour and at most two before `at`
 * (seconds since 1970), and hold for a day. 0, or -1 with `err`. */
AVER_MUST_CHECK int simulator_endorsements(int64_t at, struct aver_buf *out,
                                           struct aver_error *err);

/* What GPUs there are, and how many at most. */
enum simulator_gpus {
    SIMULATOR_H100 = 0, /* each passed through by itself (SPT) */
    SIMULATOR_HGX,      /* Hopper behind four switches (protected PCIe) */
    SIMULATOR_B200,     /* Blackwell, NVLink encrypted (MPT) */
};
#define SIMULATOR_GPU_MAX 8
#define SIMULATOR_B200_MAX 2
#define SIMULATOR_SWITCHES 4

/* Appends the text of a JSON array with `count` members (1 to the maximum),
 * one a GPU:
 *   {"certificate":BASE64,"evidence":BASE64,"arch":"HOPPER"}
 * Each GPU is a device of its own and has signed `nonce`. The switches of
 * SIMULATOR_HGX know eight GPUs. 0, or -1 with `err`. */
AVER_MUST_CHECK int simulator_gpu_evidence(const uint8_t nonce[static 32],
                                           enum simulator_gpus which,
                                           unsigned count,
                                           struct aver_buf *evidence_list_json,
                                           struct aver_error *err);
/* The same of the four switches of SIMULATOR_HGX ("arch":"LS10"). */
AVER_MUST_CHECK int
simulator_switch_evidence(const uint8_t nonce[static 32],
                          struct aver_buf *evidence_list_json,
                          struct aver_error *err);

#endif
