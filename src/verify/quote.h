/* SPDX-License-Identifier: Apache-2.0
 *
 * quote: the fields of a DCAP quote of version 3, 4 or 5, of an SGX enclave
 * or a TDX machine. Reads, and judges nothing: no signature is looked at
 * here. */
#ifndef AVER_VERIFY_QUOTE_H
#define AVER_VERIFY_QUOTE_H

#include "base/bytes.h"
#include "base/error.h"

#define AVER_TEE_SGX 0u
#define AVER_TEE_TDX 0x81u
/* Longer quotes are refused before anything is computed over them. */
#define AVER_QUOTE_MAX ((size_t)64 << 10)

/* An enclave as its machine describes it (SGX report, 384 bytes). */
struct aver_enclave {
    struct aver_bytes cpusvn, miscselect, attributes;
    struct aver_bytes mrenclave, mrsigner, report_data;
    uint16_t isvprodid, isvsvn;
};

/* A machine (TD report, 584 or 648 bytes). */
struct aver_td {
    struct aver_bytes tee_tcb_svn, mrseam, mrsignerseam, seam_attributes;
    struct aver_bytes td_attributes, xfam;
    struct aver_bytes mrtd, mrconfigid, mrowner, mrownerconfig, rtmr[4];
    struct aver_bytes tee_tcb_svn2, mrservicetd; /* 1.5 alone, else empty */
};

/* Views of the quote's bytes. */
struct aver_quote {
    uint16_t version;
    uint32_t tee;                  /* AVER_TEE_… */
    struct aver_bytes user_data;   /* 20 bytes of the header */
    struct aver_bytes signed_part; /* what the attestation key signed */
    struct aver_bytes body;
    struct aver_td td;                 /* if TDX */
    struct aver_enclave enclave;       /* if SGX */
    struct aver_bytes report_data;     /* 64 bytes, of either */
    struct aver_bytes signature;       /* r || s */
    struct aver_bytes attestation_key; /* x || y */
    struct aver_bytes qe_report;       /* 384 bytes */
    struct aver_enclave qe;            /* the same taken apart */
    struct aver_bytes qe_signature;    /* r || s */
    struct aver_bytes qe_auth;
    struct aver_bytes chain;    /* PEM, of the PCK certificate */
    size_t slack;               /* bytes that no part uses */
    struct aver_bytes trailing; /* what follows the quote */
};

/* 0; -1 if the bytes do not begin with a quote of this kind that is whole.
 * Intel SGX and TDX DCAP quote library API, appendix A. */
AVER_MUST_CHECK int aver_quote_parse(struct aver_quote *q, struct aver_bytes in,
                                     struct aver_error *err);

#endif
