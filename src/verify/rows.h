/* SPDX-License-Identifier: Apache-2.0
 *
 * rows: the checks, each a row of a table (report_rows.c, code_rows.c,
 * receipt_rows.c), and what they look at. The loop over a table is aver_judge.
 * Rows never parse; the parsers (report.h, receipt.h, quote.h, code.h) never
 * judge. No clock, no file, no network, no environment: everything is in the
 * subject. */
#ifndef AVER_VERIFY_ROWS_H
#define AVER_VERIFY_ROWS_H

#include "verify/code.h"
#include "verify/cpu.h"
#include "verify/expect.h"
#include "verify/gpus.h"
#include "verify/receipt.h"
#include "verify/report.h"
#include "verify/scopes.h"
#include "verify/verdict.h"

enum aver_trust { AVER_TRUST_VENDOR = 0, AVER_TRUST_SIMULATOR };

/* Relaxations, each of one check, none of them by default. */
enum {
    AVER_ALLOW_DEBUG = 1 << 0, /* the owner of the host can look inside */
    AVER_ALLOW_TRAILING_BYTES = 1 << 1,
    AVER_ALLOW_SEPT_VE_DISABLE_CLEAR = 1 << 2,
    AVER_ALLOW_SERVICE_TD = 1 << 3,
    AVER_ALLOW_AUTH_SLACK = 1 << 4,
    AVER_ALLOW_QE_REPORT_DATA_TAIL = 1 << 5,
    AVER_ALLOW_ROOT_SELF_REVOCATION = 1 << 6,
    /* Of GPUs. */
    AVER_ALLOW_RIM_HOLD = 1 << 7, /* a RIM's signer may be on hold */
    /* Genuine will do: nobody said what the measurements must be, or whether
     * a certificate was withdrawn. */
    AVER_ALLOW_RIM_MISSING = 1 << 8,
    AVER_ALLOW_REVOCATION_MISSING = 1 << 9,
};

/* What is missing is then refused, where else it leaves things undecided (or,
 * of the topology, does not matter). */
enum {
    AVER_REQUIRE_RIM = 1 << 0,
    AVER_REQUIRE_REVOCATION = 1 << 1,
    AVER_REQUIRE_TOPOLOGY = 1 << 2,
};

struct aver_nras; /* verify/nras.h */

#define AVER_EXPECT_SCOPES 8

/* What the one who asks demands. Zeroed: the vendors' roots, no nonce, no
 * address, the year 1970; evidence is then at best undecided. */
struct aver_policy {
    enum aver_trust trust;
    int64_t at;     /* the time to judge for, seconds since 1970 UTC */
    unsigned allow; /* AVER_ALLOW_… */
    /* Statuses that are put up with besides UpToDate: 1 << aver_tcb_status. */
    unsigned statuses;
    uint64_t min_evaluation; /* of the data set of Intel's documents */
    int64_t max_age; /* of these documents, in seconds; 0: does not matter */
    bool has_fmspc;  /* the kind of platform it must be */
    uint8_t fmspc[6];
    /* SHA-256 of the key (SubjectPublicKeyInfo) of a CPU root that replaces
     * the pinned one. */
    bool has_root;
    uint8_t root[32];
    /* The same of the roots for devices, and for those who sign RIMs. */
    bool has_gpu_root, has_rim_root;
    uint8_t gpu_root[32], rim_root[32];
    /* SHA-256 of the keys (SubjectPublicKeyInfo) of the simulator's roots for
     * CPUs, GPUs and RIMs. Under AVER_TRUST_SIMULATOR they replace the
     * vendors'; else what ends in them is called simulated. */
    uint8_t simulator_root[32], simulator_gpu_root[32], simulator_rim_root[32];
    bool has_nonce; /* the nonce that was asked for */
    uint8_t nonce[32];
    bool as_of; /* judged as of the time it was saved: need not be fresh */
    bool has_gpu_count;
    unsigned gpu_count;
    unsigned require;   /* AVER_REQUIRE_… */
    int64_t ocsp_grace; /* seconds that an OCSP answer may be late */
    struct aver_rim_skips rim_skips; /* indices that may differ */
    bool has_key;                    /* whom we expect */
    struct aver_key_id key;
    /* An answer is asked of the first report: its own key must be this one,
     * and not that of another one that came along. */
    bool key_signs;
    bool has_spki; /* SHA-256 of the TLS key that we saw */
    uint8_t spki[32];
    bool has_algo; /* the algorithm that was asked for */
    enum aver_algo algo;
    struct aver_expect expect; /* registers, application, image */
    /* The same of one scope alone ("gateway"), or of all of a kind ("model");
     * there in place of what is expected of all. */
    unsigned nscopes;
    struct {
        char name[64];
        struct aver_expect expect;
    } scope[AVER_EXPECT_SCOPES];
};

/* What is judged; borrowed. The rows of a quote need `cpu`, those of GPUs
 * `gpus`, those of the code `code`, and `registers` to hold it against, those
 * of a report `report`, those of a receipt `receipt`; with the last two, the
 * receipt must be signed by the report's key. */
struct aver_subject {
    const struct aver_policy *policy;
    struct aver_cpu *cpu;   /* remembers which signatures hold */
    struct aver_gpus *gpus; /* likewise */
    const struct aver_report *report;
    const struct aver_receipt *receipt;
    /* All that `report` came with, itself among them; NULL: it came alone.
     * What is demanded of one of them (an address, a TLS key) is not missing
     * where another one has it. */
    const struct aver_scopes *scopes;
    const char *scope; /* its name among them, or NULL */
    const uint8_t *request_sha256, *response_sha256; /* 32 bytes, or NULL */
    const struct aver_code *code;
    const struct aver_registers *registers;
    const struct aver_nras *nras; /* what NVIDIA's service says of GPUs */
};

/* Where a row writes what it found. */
struct aver_note {
    char text[256];
    bool optional;     /* need not pass, for a reason that lies in the policy */
    const char *cause; /* the word for it, in place of the row's; or NULL */
};
/* Writes the note and returns `result`, so that a row can end with it. */
enum aver_result aver_say(struct aver_note *why, enum aver_result result,
                          const char *fmt, ...) AVER_PRINTF(3, 4);

struct aver_row {
    const char *id;
    enum aver_group group;
    bool required;
    const char *cause;    /* the word for `reason` when this one fails */
    const char *sentence; /* what holds if it passes */
    enum aver_result (*check)(const struct aver_subject *s,
                              struct aver_note *why);
    const char *proves, *without, *clause; /* for `aver explain` */
};

extern const struct aver_row aver_cpu_rows[];
extern const struct aver_row aver_report_rows[], aver_receipt_rows[];
extern const struct aver_row aver_gpu_rows[];
extern const unsigned aver_cpu_rows_n, aver_gpu_rows_n;
extern const struct aver_row aver_code_rows[], aver_expect_rows[];
extern const unsigned aver_report_rows_n, aver_receipt_rows_n;
extern const unsigned aver_code_rows_n, aver_expect_rows_n;
extern const struct aver_row aver_nras_rows[];
extern const unsigned aver_nras_rows_n;

/* The value that is expected of the subject; NULL if none is. */
const uint8_t *aver_expected(const struct aver_subject *s,
                             enum aver_expect_name i);

/* Runs every row of the tables whose evidence is in the subject, and closes
 * the verdict. */
void aver_judge(struct aver_verdict *v, const struct aver_subject *s);
/* The subject that is scope i of `s->scopes`: a receipt belongs to the first.
 */
struct aver_subject aver_subject_of(const struct aver_subject *s, unsigned i);
/* Judges every report of `s->scopes`, each by itself, into as many verdicts;
 * without scopes, the subject into one. The word for the whole is the worst of
 * them. */
enum aver_word aver_judge_all(struct aver_verdict *v,
                              const struct aver_subject *s);
/* True if all rows hold that say whether a quote is genuine, as against how its
 * platform is to be liked: what it says is then so, whatever the policy thinks
 * of it. */
bool aver_verdict_is_authentic(const struct aver_verdict *v);
/* The i-th row of all tables, NULL past the end; the row of that id. */
const struct aver_row *aver_row_at(unsigned i);
const struct aver_row *aver_row_find(const char *id);

#endif
