/* SPDX-License-Identifier: Apache-2.0
 *
 * gpus: everything about the GPUs and switches of one piece of evidence in one
 * place: reports, certificates, and the RIMs that fit them, all parsed and
 * none of it judged. The rows (gpu_rows.c) look at this. */
#ifndef AVER_VERIFY_GPUS_H
#define AVER_VERIFY_GPUS_H

#include "verify/device.h"
#include "verify/endorsements.h"
#include "verify/gpu_chain.h"
#include "verify/gpu_evidence.h"
#include "verify/rim.h"
#include "verify/spdm.h"

/* What is asked of a device, answered apart: never one boolean. */
enum aver_layer {
    AVER_LAYER_AUTHENTIC = 0, /* chain, signature, nonce, form */
    AVER_LAYER_REVOCATION,
    AVER_LAYER_MEASUREMENTS,
    AVER_LAYER_POLICY, /* count, mode, topology */
    AVER_LAYERS,
};

/* What the rows found out about one device, layer by layer. */
struct aver_layer_result {
    bool asked;
    enum aver_result result; /* the worst */
    bool optional;
    const char *cause; /* of it, where it fails */
};

struct aver_gpu_device {
    const struct aver_gpu_item *item;
    struct aver_chain chain;
    struct aver_flaw chain_flaw; /* why it cannot be read */
    unsigned nlinks;
    /* Its certificates, or those of another device, or of the set, with the
     * same bytes: what was found out about one holds for its copies. */
    struct aver_link *link[AVER_CHAIN_MAX];
    struct aver_device id;
    struct aver_flaw report_flaw, fields_flaw;
    struct aver_spdm report; /* views of the item's bytes */
    struct aver_opaque fields;
    bool signature_asked, signature_holds;
    char driver_rim[96], vbios_rim[96]; /* their names at NVIDIA's; or "" */
    struct aver_rim *driver, *vbios;    /* what was found; NULL: nothing */
    struct aver_rim_result compared;    /* once gpu.measurements ran */
    struct aver_layer_result layer[AVER_LAYERS];
    const char *cause; /* of the first check that it failed; NULL */
};

struct aver_gpus {
    struct aver_endorsements *e;
    const struct aver_gpu_evidence *evidence; /* NULL: there is none */
    unsigned n;
    struct aver_gpu_device *device; /* as many as the evidence has items */
};

/* Reads what the evidence holds, and finds the RIMs for it in the set for the
 * time `at`. Borrows both until the end. NULL when memory is short. */
struct aver_gpus *aver_gpus_new(const struct aver_gpu_evidence *evidence,
                                struct aver_endorsements *e, int64_t at);
void aver_gpus_free(struct aver_gpus *g);

bool aver_is_switch(const struct aver_gpu_device *d);
/* What a RIM for it must call the product: "GH100"; and the edition. */
const char *aver_gpus_product(const struct aver_gpu_device *d);
const char *aver_gpus_edition(const struct aver_gpu_device *d);
/* GPUs, or switches, among the devices. */
unsigned aver_gpus_count(const struct aver_gpus *g, bool switches);
const char *aver_layer_name(enum aver_layer layer); /* "authentic" */
/* What a layer says of a device, in its own words: "pass", "fail",
 * "simulated"; of revocation "good", "revoked", "unknown"; of measurements
 * "match", "mismatch", "no reference". */
const char *aver_layer_word(const struct aver_gpu_device *d,
                            enum aver_layer layer);

#endif
