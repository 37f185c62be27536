/* SPDX-License-Identifier: Apache-2.0
 *
 * pcs: the answers of Intel's Provisioning Certification Service (PCS, v4),
 * and of caches of it (PCCS): what to ask, and how to take an answer apart.
 * Connects nothing and judges nothing. */
#ifndef AVER_ATTEST_PCS_H
#define AVER_ATTEST_PCS_H

#include "base/buf.h"

/* What the endorsements are for. */
struct pcs_platform {
    bool sgx;       /* else TDX */
    bool processor; /* whose certificates the Processor CA signs, an older kind
                       of SGX machine; else the Platform CA */
    uint8_t fmspc[6];
};

enum pcs_item {
    PCS_TCB_INFO = 0,
    PCS_QE_IDENTITY,
    PCS_PCK_CRL,
    PCS_ROOT_CRL,
    PCS_ITEMS
};

/* For people: "TCB info". */
const char *pcs_item_name(enum pcs_item item);

/* One item; the fields own their bytes. */
struct pcs_part {
    struct aver_buf chain;     /* PEM of who signed it; none for the root CRL */
    struct aver_buf document;  /* JSON as it was signed; or DER of a CRL */
    struct aver_buf signature; /* 128 hex digits; none for CRLs */
};

void pcs_part_init(struct pcs_part *p);
void pcs_part_clear(struct pcs_part *p);

#define PCS_BASE_MAX 512
#define PCS_URL_MAX (PCS_BASE_MAX + 128)

/* `base` of a PCCS, "https://HOST[:PORT][/PATH]" (see pcs_base_ok), or NULL for
 * Intel. `update` is "standard", "early" or NULL. */
void pcs_url(char out[static PCS_URL_MAX], enum pcs_item item,
             const struct pcs_platform *p, const char *base,
             const char *update);
/* http or https, a host, no name or password, no query; printable ASCII, and
 * short enough. */
bool pcs_base_ok(const char *base);

/* The value of a header field that stands there once; a view of `head`. Names
 * in any case. AVER_EABSENT, or AVER_EFORMAT where it stands there twice. */
AVER_MUST_CHECK int pcs_header(struct aver_bytes *value, struct aver_bytes head,
                               const char *name, struct aver_error *err);
/* Undoes %XX, appended to `out`. -1 for a % without two hex digits, and for
 * what no PEM text holds: only printable ASCII and line ends may come out. */
AVER_MUST_CHECK int pcs_unescape(struct aver_buf *out, struct aver_bytes text);
/* Takes one answer of status 200 apart. `p` must be empty; clear it in any
 * case. */
AVER_MUST_CHECK int pcs_take(struct pcs_part *p, enum pcs_item item,
                             struct aver_bytes head, struct aver_bytes body,
                             struct aver_error *err);

#endif
