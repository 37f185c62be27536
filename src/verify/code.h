/* SPDX-License-Identifier: Apache-2.0
 *
 * code: what is known of the code in a TD beyond its quote: event log,
 * application, machine. Parsed and computed here, held against the registers
 * in code_checks.c. Nothing here is proven by itself. */
#ifndef AVER_VERIFY_CODE_H
#define AVER_VERIFY_CODE_H

#include "verify/dstack.h"
#include "verify/lite.h"
#include "verify/replay.h"

/* Borrowed texts; empty (n = 0) where absent. */
struct aver_code_source {
    struct aver_bytes event_log;   /* JSON (array, or string that holds one), or
                                      binary CCEL */
    struct aver_bytes app_compose; /* exactly as delivered, already unescaped */
    struct aver_bytes vm_config;   /* JSON text */
    struct aver_bytes claimed_aggregated; /* mr_aggregated as reported: hex */
};

/* What the guest's boot says of itself in runtime events. */
enum aver_code_value {
    AVER_CODE_APP_ID = 0,
    AVER_CODE_COMPOSE_HASH,
    AVER_CODE_INSTANCE_ID,
    AVER_CODE_KEY_PROVIDER,
    AVER_CODE_OS_IMAGE_HASH,
    AVER_CODE_MR_KMS,
    AVER_CODE_VALUES,
};
const char *aver_code_value_name(enum aver_code_value i); /* "app-id" … */

enum aver_image_state {
    AVER_IMAGE_ABSENT = 0,  /* no tdx_measurement */
    AVER_IMAGE_READ,        /* `lite` is valid */
    AVER_IMAGE_UNSUPPORTED, /* `image_fault` says of what */
    AVER_IMAGE_BAD,         /* `image_fault` says why */
};

#define AVER_FAULT_MAX 200
struct aver_code {
    bool has_log;
    char log_fault[AVER_FAULT_MAX]; /* why it cannot be read; "" if it can */
    struct aver_eventlog log;
    struct aver_replay replay;
    char runtime_fault[AVER_FAULT_MAX]; /* of a JSON log; "" if there is none */
    bool ready;                         /* reached system-ready */
    const struct aver_event *value[AVER_CODE_VALUES]; /* NULL: there is none */
    char provider_fault[AVER_FAULT_MAX];
    struct aver_key_provider provider; /* valid if its event is there and
                                          there is no fault */
    bool has_compose;
    uint8_t compose_hash[32]; /* of app_compose */
    enum aver_image_state image;
    char image_fault[AVER_FAULT_MAX];
    struct aver_lite lite;
    bool has_acpi; /* the log names the three ACPI digests */
    struct aver_acpi acpi;
    uint8_t image_rtmr[3][48]; /* with AVER_IMAGE_READ; [0] needs has_acpi */
    struct aver_buf config;    /* MRCONFIGID's document, version 3, or empty */
    bool has_config_compose;   /* compose_hash in it */
    uint8_t config_compose[32];
    bool has_aggregated, aggregated_ok; /* reported; readable */
    uint8_t aggregated[32];
};

/* Copies what it keeps. What cannot be read is kept as a fault, in words, for
 * the rows; NULL only when memory is short. The caller frees. */
struct aver_code *aver_code_parse(const struct aver_code_source *src);
void aver_code_free(struct aver_code *c);

#endif
