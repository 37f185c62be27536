/* SPDX-License-Identifier: Apache-2.0
 *
 * report_rows: the table of checks on a report. A new check is a new row here
 * and a function in report_checks.c; the test of the table then demands a case
 * that makes exactly this row fail. The clauses are those of
 * docs/PROTOCOL.md. */
#include "verify/report_checks.h"

const struct aver_row aver_report_rows[] = {
    {"report.shape", AVER_KEY, true, "FORMAT",
     "the report has the members that a report needs", aver_check_report_shape,
     "Nothing by itself. It makes sure that the other rows read what they "
     "think they read: signing_address, signing_algo, intel_quote, or what "
     "the report's kind has in their place, and no member twice.",
     "A report that two readers understand in two ways: one checks the first "
     "signing_address, the other uses the second.",
     "PROTOCOL, attestation report: members"},
    {"report.quote_agrees", AVER_HARDWARE, true, "QUOTE_DIFFERS",
     "both copies of the quote are the same bytes", aver_check_quote_agrees,
     "That the members intel_quote and quote hold one quote.",
     "Two clients of one report would judge two different machines.",
     "PROTOCOL, attestation report: quote, intel_quote"},
    {"report.same_td", AVER_HARDWARE, true, "OTHER_TD",
     "it comes from the machine whose report it stands in",
     aver_check_same_machine,
     "That a compose manager's quote shows the measurements (MRTD, "
     "MRCONFIGID, RTMR0 to RTMR3, attributes) of the report that it stands "
     "in. RTMR3 holds the instance's id.",
     "A manager on another machine vouches for actions that were not taken on "
     "this one.",
     "VERIFYING, reports inside reports"},
    {"report.key_address", AVER_KEY, true, "KEY_ADDRESS",
     "the address is the public key's own", aver_check_key_address,
     "That signing_address is derived from signing_public_key (the last 20 "
     "bytes of Keccak-256; with Ed25519 they are equal). The quote binds the "
     "address alone.",
     "A report with the right address beside a stranger's public key: who "
     "encrypts to that key talks to the stranger.",
     "PROTOCOL, attestation report: signing_public_key"},
    {"report.report_data", AVER_KEY, true, "REPORT_DATA",
     "the quote binds what it must", aver_check_report_data,
     "That the 64 bytes which the machine signed are what the rule for such a "
     "report makes of it: address (the key, then the nonce), address+tls "
     "(SHA-256 of the key and the TLS key, then the nonce), seed, "
     "compose-manager, chutes. A quote that binds no key is unknown, unless "
     "you say what it must hold.",
     "A genuine quote of one machine beside the key of another.",
     "VERIFYING, report_data: the rules"},
    {"report.address", AVER_KEY, true, "ADDRESS",
     "the key is the one that you expect", aver_check_report_address,
     "That the report is about the address given by --expect-address. Of "
     "several reports that came together one must be.",
     "Another service of the same operator answers in its place.",
     "aver(1), --expect-address"},
    {"report.tls_key", AVER_KEY, true, "TLS_KEY",
     "the TLS key that you saw is the one that the report binds",
     aver_check_tls_key,
     "That tls_cert_fingerprint, which the rule address+tls puts under the "
     "machine's signature, is the key given by --tls-spki. Behind a gateway "
     "it is the gateway's report that must bind it.",
     "Somebody between you and the machine ends TLS, reads along, and passes "
     "on a true report.",
     "VERIFYING, report_data: the rules"},
    {"report.nonce_echo", AVER_FRESH, true, "NONCE",
     "the report names the nonce that it was made for", aver_check_nonce_echo,
     "That request_nonce (of a compose manager: nonce) is there: 32 bytes, "
     "against which the quote and the GPUs are compared.",
     "Without a nonce nothing tells a new report from an old one.",
     "PROTOCOL, attestation report: request_nonce"},
    {"report.fresh", AVER_FRESH, true, "NONCE",
     "the report was made for your nonce", aver_check_fresh,
     "That the report was made after you drew the nonce, so it is no "
     "recording. Every report that came along must answer to it.",
     "A report of a machine as it was before it was broken into, shown again "
     "and again.",
     "aver(1), --nonce"},
};

const unsigned aver_report_rows_n =
    sizeof(aver_report_rows) / sizeof(aver_report_rows[0]);
