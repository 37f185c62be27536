/* SPDX-License-Identifier: Apache-2.0
 *
 * simulator_pki: what the simulated machine has before the first quote is
 * asked for. Data only, made by scripts/simulator-pki.py, where each value is
 * explained. All private keys are public. The roots stand in simulator.h. */
#ifndef AVER_ATTEST_SIMULATOR_PKI_H
#define AVER_ATTEST_SIMULATOR_PKI_H

#include "attest/simulator.h"
#include "base/bytes.h"

/* The platform: PCK chain below the root, and its CRLs (DER). */
extern const char simulator_platform_ca_pem[];
extern const char simulator_pck_pem[];
extern const struct aver_bytes simulator_root_crl;
extern const struct aver_bytes simulator_pck_crl;

/* What Intel would say of this platform: the signer of the two documents,
 * which is issued by the root, the documents (JSON, exactly the bytes that are
 * signed), and the signatures as r || s. */
extern const char simulator_tcb_signing_pem[];
extern const char simulator_tcb_info[];
extern const uint8_t simulator_tcb_info_signature[64];
extern const char simulator_qe_identity[];
extern const uint8_t simulator_qe_identity_signature[64];

/* The quoting enclave: its report, signed by the PCK key, vouches for the
 * attestation key (P-256; the point as 04 || X || Y). */
extern const uint8_t simulator_attestation_key[32];
extern const uint8_t simulator_attestation_point[65];
extern const uint8_t simulator_qe_report[384];
extern const uint8_t simulator_qe_signature[64];
extern const uint8_t simulator_qe_auth_data[32];
extern const uint8_t simulator_qe_id[16];

/* The virtual machine and its image. The two base64 texts are the members of
 * the same names in vm_config.tdx_measurement (dstack's "TDX lite"). */
extern const uint8_t simulator_tee_tcb_svn[16];
extern const uint8_t simulator_mrseam[48];
extern const uint8_t simulator_mrtd[48];
extern const uint8_t simulator_os_image_hash[32];
extern const char simulator_measurement_base64[];
extern const char simulator_checksums_base64[];

/* One line of the event log. Payload in hex. */
struct simulator_event {
    unsigned imr;
    uint32_t type;
    const char *name, *payload;
    uint8_t digest[48];
};
extern const struct simulator_event simulator_boot_events[];
extern const size_t simulator_boot_event_count;

/* A GPU or an NVSwitch: what it is by its boot ROM's certificate, and the leaf
 * that its firmware signs with. P-384; the point as 04 || X || Y. */
struct simulator_device {
    const char *leaf_pem, *brom_pem;
    uint8_t pdi[8]; /* in the BROM's serial number, behind the mark */
    uint8_t key[48], point[97];
};

/* All devices of a chip stand under one provisioner and one identity CA. */
struct simulator_chip {
    const char *name; /* in the certificates: "GH100" */
    const char *provisioner_pem, *identity_pem;
    uint64_t measured; /* bit i: what block i + 1 holds is not zero */
    unsigned blocks;
    uint8_t fwid[48];
    unsigned n;
    const struct simulator_device *device;
};
enum { SIMULATOR_GH100, SIMULATOR_GB100, SIMULATOR_LS10, SIMULATOR_CHIPS };
extern const struct simulator_chip simulator_chips[SIMULATOR_CHIPS];

/* Reference values: each text as pieces, NULL behind the last. */
#define SIMULATOR_RIMS 5
extern const char *const *const simulator_rims[SIMULATOR_RIMS];

/* Who issued certificates, and who answers for that issuer. SHA-384 of its
 * name and of its key are what a CertID holds (RFC 6960 4.1.1); the id is the
 * SHA-1 of the responder's key. */
struct simulator_issuer {
    struct aver_bytes responder; /* its certificate, DER */
    uint8_t name_hash[48], key_hash[48], responder_id[20];
    uint8_t key[48], point[97]; /* the responder's */
};
extern const struct simulator_issuer simulator_issuers[];

/* A certificate that there is an answer about. */
struct simulator_asked {
    unsigned issuer;
    unsigned n; /* bytes of the serial number, as an INTEGER's content */
    uint8_t serial[20];
};
extern const struct simulator_asked simulator_asked[];
extern const size_t simulator_asked_count;

#endif
