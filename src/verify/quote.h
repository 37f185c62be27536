/* SPDX-License-Identifier: Apache-2.0
 *
 * quote: where the fields of a TDX quote of version 4 or 5 stand. Reads, and
 * judges nothing: no signature is looked at here. */
#ifndef AVER_VERIFY_QUOTE_H
#define AVER_VERIFY_QUOTE_H

#include "base/bytes.h"
#include "base/error.h"

/* Views of the quote's bytes. */
struct aver_quote {
    uint16_t version;
    struct aver_bytes body; /* the TD report, 584 or 648 bytes */
    struct aver_bytes mrtd, mrconfigid, rtmr[4], td_attributes;
    struct aver_bytes report_data; /* 64 bytes */
    struct aver_bytes chain; /* PEM of the PCK chain; empty if not there */
};

/* 0; -1 if the bytes are no TDX quote of version 4 or 5. */
AVER_MUST_CHECK int aver_quote_parse(struct aver_quote *q, struct aver_bytes in,
                                     struct aver_error *err);

/* The last certificate of a PEM text: views of it, empty if there is none. */
struct aver_bytes aver_pem_last(struct aver_bytes pem);

#endif
