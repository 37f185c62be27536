/* SPDX-License-Identifier: Apache-2.0
 *
 * aver: judges, offline, what a confidential machine shows for itself: quotes
 * of Intel TDX and SGX, whole attestation reports, event logs, and the signed
 * receipts of an AI API. Bytes in, judgement out:
 *
 *     struct aver_policy *policy = aver_policy_new(time(NULL));
 *     struct aver_endorsements *set = aver_endorsements_new();
 *     struct aver_judgement *j = NULL;
 *     struct aver_error err;
 *     if (aver_endorsements_read(set, file, file_size, &err) != 0 ||
 *         aver_judge_quote(policy, set, &j, quote, quote_size, &err) != 0)
 *         printf("could not judge: %s\n", err.text);
 *     else if (aver_judgement_word(j) == AVER_VERIFIED)
 *         printf("genuine, mrtd %s\n", aver_judgement_field(j, 0, "mrtd"));
 *     else
 *         printf("not trusted: %s\n", aver_judgement_reason(j)->cause);
 *     aver_judgement_free(j);
 *     aver_endorsements_free(set);
 *     aver_policy_free(policy);
 *
 * Link with what `pkg-config --libs aver` says. The same as a manual page:
 * aver(3). The checks one by one: docs/VERIFYING.md, and `aver explain`.
 *
 * The rules, once for all functions:
 *
 * 1. Arguments stand in this order: handles, outputs, inputs, the error.
 * 2. Functions that return int return 0, or -1 and say why in `err`, which may
 *    be NULL. -1 is "could not do it". "Not trusted" is no error: that is 0
 *    and a judgement that says so. Outputs are NULL after -1.
 * 3. What is passed in is borrowed until the call returns, and copied where it
 *    must be kept. What a function makes is the caller's, to be given to the
 *    free of its kind. Texts and findings that a judgement gives out belong to
 *    it and last as long as it does. All texts end in a NUL.
 * 4. NULL for a handle is what a failed `new` gives: calls that need the handle
 *    then fail with AVER_EMEM, setters without a result do nothing, and a
 *    judgement that is NULL is "undecided". Nothing is ever trusted by it.
 * 5. No clock, file, network or environment variable is looked at, and there
 *    are no globals. A handle is for one thread at a time; threads with
 *    handles of their own need not know of each other, and a policy or a
 *    judgement that nobody changes may be read by many. */
#ifndef AVER_H
#define AVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define AVER_MUST_CHECK __attribute__((warn_unused_result))
#else
#define AVER_MUST_CHECK
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Version ---- */

/* The version of the library that runs, e.g. "0.1.0".
 * Returns a text that lasts for ever. */
const char *aver_library_version(void);

/* ---- Errors ---- */

/* New codes may come; numbers stay. */
enum aver_error_code {
    AVER_OK = 0,
    AVER_EFORMAT,   /* input does not have the form it must have */
    AVER_ELIMIT,    /* input is longer or deeper than allowed */
    AVER_EMISMATCH, /* two things that must agree do not */
    AVER_ESIG,      /* a signature does not hold */
    AVER_ECONFIG,   /* a setting is wrong in itself */
    AVER_EABSENT,   /* a thing that was asked for is not there */
    AVER_EIO,       /* the system or a peer failed (programs alone) */
    AVER_ETIMEOUT,  /* a peer was too slow (programs alone) */
    AVER_EMEM,      /* out of memory */
    AVER_EUNSUPPORTED,
};

struct aver_error {
    enum aver_error_code code;
    char text[400]; /* one sentence, no newline; names thing and place */
};

/* ---- Handles ---- */

struct aver_policy;       /* what you demand */
struct aver_endorsements; /* what vendors sign about their hardware */
struct aver_judgement;    /* what was found */

/* ---- Policy: what you demand ---- */

/* Makes a policy that judges for the time `at`, in seconds since 1970 UTC,
 * trusts Intel's root and NVIDIA's, accepts only firmware that is UpToDate,
 * and relaxes nothing.
 * Returns NULL when memory is short. The caller frees it. */
struct aver_policy *aver_policy_new(int64_t at);
void aver_policy_free(struct aver_policy *policy);

/* Demands that a report was made for this nonce. Without it a report's
 * freshness is unknown, and the report undecided. Borrows the nonce. */
void aver_policy_set_nonce(struct aver_policy *policy, const uint8_t nonce[32]);

/* Demands this signing key of a report or a receipt: "0x" and 40 hex digits
 * (secp256k1), or 64 hex digits (Ed25519).
 * Returns 0, or -1 if it is neither. Borrows the text. */
AVER_MUST_CHECK int aver_policy_set_address(struct aver_policy *policy,
                                            const char *address,
                                            struct aver_error *err);

/* Demands a receipt of this algorithm: "ecdsa" or "ed25519".
 * Returns 0, or -1 if it is neither. Borrows the text. */
AVER_MUST_CHECK int aver_policy_set_algo(struct aver_policy *policy,
                                         const char *algo,
                                         struct aver_error *err);

/* Demands that a report binds the TLS key that you saw: SHA-256 of its
 * SubjectPublicKeyInfo. Borrows the hash. */
void aver_policy_set_tls_key(struct aver_policy *policy,
                             const uint8_t spki_sha256[32]);

/* Demands evidence of so many GPUs in a report; 0: none is used. Otherwise
 * each report must show at least one. */
void aver_policy_set_gpu_count(struct aver_policy *policy, unsigned count);

/* Demands a value of what runs, as hex. Names: "mrtd", "rtmr0" to "rtmr3",
 * "mrconfigid", "mrowner", "mrownerconfig", "mrseam" (48 bytes each),
 * "mrenclave", "mrsigner" (32), "report-data" (64), "os-image-hash",
 * "compose-hash" (32), "app-id" (20). Of every scope of a report, or with
 * "gateway:mrtd" of the scope of that name, with "model:mrtd" of all of that
 * kind, in place of what is demanded of all.
 * Returns 0, or -1 for another name or length, or a name set before. Borrows
 * both texts. */
AVER_MUST_CHECK int aver_policy_expect(struct aver_policy *policy,
                                       const char *name, const char *hex,
                                       struct aver_error *err);

/* Relaxes one check by name: "debug", "trailing-bytes",
 * "sept-ve-disable-clear", "service-td", "auth-slack", "qe-report-data-tail",
 * "root-self-revocation", "tcb=STATUS" (as Intel spells it, of any case), or
 * "tcb=any"; of GPUs "rim-missing" (nobody says what they must measure),
 * "revocation-missing", "rim-hold" (a signer's certificate on hold) and
 * "rim-index=N" (that measurement may differ).
 * Returns 0, or -1 for another name; `err` offers the nearest. Borrows the
 * name. */
AVER_MUST_CHECK int aver_policy_allow(struct aver_policy *policy,
                                      const char *name, struct aver_error *err);

/* Demands something of the platform, by name: "tcb-evaluation=N" (documents of
 * Intel's of at least this data set), "max-age=SECONDS" (none of them issued
 * longer ago), "fmspc=HEX" (this kind of platform); of GPUs "rim",
 * "revocation", "topology" (what is missing is refused, not left open).
 * Returns 0, or -1 for another name or value. Borrows the name. */
AVER_MUST_CHECK int aver_policy_require(struct aver_policy *policy,
                                        const char *name,
                                        struct aver_error *err);

/* Trusts the first certificate of a PEM text as the CPU's root, in place of
 * Intel's.
 * Returns 0, or -1 if it cannot be read, or the simulator is trusted. Borrows
 * the text. */
AVER_MUST_CHECK int aver_policy_set_root(struct aver_policy *policy,
                                         const void *pem, size_t pem_size,
                                         struct aver_error *err);

/* The same of NVIDIA's devices. Returns 0, or -1 as above. Borrows the text. */
AVER_MUST_CHECK int aver_policy_set_gpu_root(struct aver_policy *policy,
                                             const void *pem, size_t pem_size,
                                             struct aver_error *err);

/* The same of those who sign what devices must measure. Returns 0, or -1 as
 * above. Borrows the text. */
AVER_MUST_CHECK int aver_policy_set_rim_root(struct aver_policy *policy,
                                             const void *pem, size_t pem_size,
                                             struct aver_error *err);

/* How many seconds an OCSP answer may be past its end; 0 by default. */
void aver_policy_set_ocsp_grace(struct aver_policy *policy, uint32_t seconds);

/* Trusts a simulator, whose keys are public, in place of the vendors: for
 * tests, and for nothing else. Its roots, for CPUs, for GPUs, and for those
 * who sign what GPUs must measure, come from you, as PEM.
 * Returns 0, or -1 if they cannot be read, or another root was set. Borrows
 * all texts. */
AVER_MUST_CHECK int aver_policy_trust_simulator_insecure(
    struct aver_policy *policy, const void *cpu_pem, size_t cpu_pem_size,
    const void *gpu_pem, size_t gpu_pem_size, const void *rim_pem,
    size_t rim_pem_size, struct aver_error *err);

/* ---- Endorsements: what Intel and NVIDIA sign about their hardware ---- */

/* Makes an empty set. It may serve any number of judgements; signatures are
 * checked once for all of them.
 * Returns NULL when memory is short. The caller frees it. */
struct aver_endorsements *aver_endorsements_new(void);
void aver_endorsements_free(struct aver_endorsements *set);

/* Adds what a file holds: what `aver endorse` keeps, one object with the
 * members tcb_info, qe_identity, pck_crl, rims, ocsp and so on, an answer of
 * Intel's service (JSON, or a list of withdrawn certificates as DER or hex),
 * its header, certificates as PEM, a RIM (XML, or the answer of NVIDIA's
 * service), or an OCSP answer (DER).
 * Returns 0, or -1 if it is none of these or the set is full. What can be
 * taken but does not hold is for the judgement to tell. Borrows the bytes. */
AVER_MUST_CHECK int aver_endorsements_read(struct aver_endorsements *set,
                                           const void *data, size_t size,
                                           struct aver_error *err);

/* ---- Judging ---- */

/* Judges the bytes of one quote, of a TDX machine or an SGX enclave. `set` may
 * be NULL: then there are no endorsements, and the quote is undecided at best.
 * Returns 0 with a judgement, whatever it says (bytes that are no quote are
 * refused), or -1 if there are no bytes, or memory is short. Borrows the
 * bytes; the caller frees the judgement. */
AVER_MUST_CHECK int aver_judge_quote(const struct aver_policy *policy,
                                     struct aver_endorsements *set,
                                     struct aver_judgement **out,
                                     const void *quote, size_t quote_size,
                                     struct aver_error *err);

/* Judges the evidence of GPUs and switches by itself: JSON, as a report holds
 * it as nvidia_payload, or another of the forms in which it travels. Which CPU
 * they belong to, no GPU says. `set` as above: without RIMs and OCSP answers
 * the devices are genuine at best, and undecided.
 * Returns 0 with a judgement, whatever it says, or -1 if there are no bytes,
 * or memory is short. Borrows the text; the caller frees the judgement. */
AVER_MUST_CHECK int aver_judge_gpu(const struct aver_policy *policy,
                                   struct aver_endorsements *set,
                                   struct aver_judgement **out,
                                   const void *json, size_t json_size,
                                   struct aver_error *err);

/* Judges an attestation report and every report that stands in it (a
 * gateway's models, their compose managers), each as a scope of its own: JSON
 * as servers give it. `set` as above.
 * Returns 0 with a judgement, or -1 if it is no JSON object, too large, or
 * memory is short. Borrows the text; the caller frees the judgement. */
AVER_MUST_CHECK int aver_judge_report(const struct aver_policy *policy,
                                      struct aver_endorsements *set,
                                      struct aver_judgement **out,
                                      const void *json, size_t json_size,
                                      struct aver_error *err);

/* Holds an event log, JSON or binary (CCEL), against the registers of a quote,
 * which is taken as it stands: judge it by itself. `quote` may be NULL: then
 * the registers are those that the policy expects.
 * Returns 0 with a judgement, or -1 if there is no log, the quote cannot be
 * read, or there is neither a quote nor an rtmr that is expected. Borrows all
 * bytes; the caller frees the judgement. */
AVER_MUST_CHECK int aver_judge_eventlog(const struct aver_policy *policy,
                                        struct aver_judgement **out,
                                        const void *log, size_t log_size,
                                        const void *quote, size_t quote_size,
                                        struct aver_error *err);

/* Judges a receipt (the JSON of /v1/signature/ID) of the exchange whose
 * request and response have these SHA-256; NULL for one you do not have, and
 * the receipt is undecided. The key that must have signed is that of
 * aver_policy_set_address; without it, the receipt is undecided.
 * Returns 0 with a judgement, or -1 if it is no JSON object or too large.
 * Borrows everything; the caller frees the judgement. */
AVER_MUST_CHECK int aver_judge_receipt(const struct aver_policy *policy,
                                       struct aver_judgement **out,
                                       const void *json, size_t json_size,
                                       const uint8_t *request_sha256,
                                       const uint8_t *response_sha256,
                                       struct aver_error *err);

/* The same where the key must be that of a report which was judged before. The
 * report's scopes follow that of the receipt: no receipt is better than the
 * report behind it.
 * Returns 0 with a judgement, or -1 as above, or if the report names no one
 * key, or only one of policy and report trusts the simulator. Borrows
 * everything; the caller frees the judgement. */
AVER_MUST_CHECK int aver_judge_receipt_of_report(
    const struct aver_policy *policy, const struct aver_judgement *report,
    struct aver_judgement **out, const void *json, size_t json_size,
    const uint8_t *request_sha256, const uint8_t *response_sha256,
    struct aver_error *err);

/* ---- The judgement ---- */

/* Only AVER_VERIFIED is trust. */
enum aver_word { AVER_UNDECIDED = 0, AVER_REFUSED, AVER_VERIFIED };

/* Only AVER_PASS counts as passed. */
enum aver_result {
    AVER_UNKNOWN = 0, /* could not be judged */
    AVER_PASS,
    AVER_FAIL,
    AVER_SKIP,      /* did not run: something before it did not hold */
    AVER_SIMULATED, /* made by the simulator, which nobody told us to trust */
};

/* What one check found. Members may be added at the end. */
struct aver_finding {
    const char *id;    /* "tdx.quote_signature" */
    const char *scope; /* the one it is about: "quote", "gateway" */
    const char *group; /* "hardware", "code", "gpu", "key", "answer", "fresh" */
    const char *question; /* the group's: "Is it real hardware?" */
    const char *sentence; /* what holds if it passes */
    const char *detail;   /* what was found and where; "" if nothing to add */
    const char *cause;    /* the word for it when it fails: "QUOTE_SIG" */
    enum aver_result result;
    bool required; /* must pass */
};

/* The word for the whole: refused if one of its scopes is, else undecided if
 * one of them is, else verified.
 * Returns AVER_UNDECIDED for NULL. */
enum aver_word aver_judgement_word(const struct aver_judgement *j);

/* Whether the policy trusted the simulator; show such a judgement as
 * simulated. Returns false for NULL. */
bool aver_judgement_simulated(const struct aver_judgement *j);

/* The finding that made the word what it is.
 * Returns NULL if that is AVER_VERIFIED, or for NULL. */
const struct aver_finding *
aver_judgement_reason(const struct aver_judgement *j);

/* The name of the scope of that number: "quote", "report", "gateway",
 * "model 1/compose-manager", "eventlog", "receipt"; 0 is always there.
 * Returns NULL past the end. */
const char *aver_judgement_scope(const struct aver_judgement *j, size_t scope);

/* The word for one scope. Returns AVER_UNDECIDED past the end. */
enum aver_word aver_judgement_scope_word(const struct aver_judgement *j,
                                         size_t scope);

/* The i-th finding of a scope, in the order in which checks are shown.
 * Returns NULL past the end. */
const struct aver_finding *
aver_judgement_finding(const struct aver_judgement *j, size_t scope, size_t i);

/* A value that the evidence holds, by name; bytes as lower-case hex. It is
 * worth what the scope's word is worth. Names:
 * of a quote: "version", "tee" ("tdx", "sgx"), "report_data"; of a machine
 *   "mrtd", "rtmr0" to "rtmr3", "mrconfigid", "mrowner", "mrownerconfig",
 *   "mrseam", "mrsignerseam", "seam_attributes", "td_attributes", "xfam",
 *   "tee_tcb_svn", "tee_tcb_svn2", "mrservicetd"; of an enclave "mrenclave",
 * "mrsigner", "attributes", "isvprodid", "isvsvn"; of the platform: "fmspc",
 * "ppid"; and where the evidence is genuine: "tcb_status", "tcb_platform",
 * "tcb_module", "tcb_qe" (as Intel spells a status), "tcb_evaluation" (the data
 * set), "valid_until" (seconds since 1970, the first end of what the judgement
 * rests on); of the code, where a register bears it out: "app_id",
 * "compose_hash", "instance_id", "os_image_hash", "mr_kms"; of a report:
 * "signing_address", "signing_algo", "nonce"; of a receipt: "signer",
 * "signing_algo". Returns NULL where there is no such value. */
const char *aver_judgement_field(const struct aver_judgement *j, size_t scope,
                                 const char *name);

/* The name of the i-th value that a scope has. Returns NULL past the end. */
const char *aver_judgement_field_name(const struct aver_judgement *j,
                                      size_t scope, size_t i);

/* The i-th of Intel's advisories that concern the platform of a scope, e.g.
 * "INTEL-SA-00615"; known where "tcb_status" is.
 * Returns NULL past the end. */
const char *aver_judgement_advisory(const struct aver_judgement *j,
                                    size_t scope, size_t i);

/* A value of the GPU or switch of that number, in the order of the evidence,
 * by name: "arch", "device_id", "leaf_serial", "driver", "vbios", "mode",
 * "fwid", "driver_rim", "vbios_rim" (NVIDIA's names for what it must measure),
 * "reason" (of the first check that it failed), and the four answers:
 * "authentic", "policy" (as aver_result_name), "revocation" ("good",
 * "revoked", "unknown"), "measurements" ("match", "mismatch", "no reference").
 * Returns NULL where there is no such value, and past the end. */
const char *aver_judgement_gpu(const struct aver_judgement *j, size_t scope,
                               size_t gpu, const char *name);

void aver_judgement_free(struct aver_judgement *j);

/* ---- Words for people ---- */

/* "VERIFIED", "REFUSED", "UNDECIDED". Returns a text that lasts for ever. */
const char *aver_word_name(enum aver_word word);

/* "pass", "fail", "unknown", "skip", "simulated".
 * Returns a text that lasts for ever. */
const char *aver_result_name(enum aver_result result);

/* Explains a check: what it proves, what an attacker gains without it, and
 * the clause that it follows. Each output may be NULL.
 * Returns 0, or -1 if there is no check of that id. Borrows the id; the texts
 * last for ever. */
AVER_MUST_CHECK int aver_explain(const char **proves, const char **without,
                                 const char **clause, const char *id,
                                 struct aver_error *err);

#ifdef __cplusplus
}
#endif

#endif
