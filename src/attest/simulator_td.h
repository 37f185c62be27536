/* SPDX-License-Identifier: Apache-2.0
 *
 * simulator_td: the simulated virtual machine after its boot: application,
 * event log, and the four registers that the log leads to. Follows dstack's
 * event log of version 1. */
#ifndef AVER_ATTEST_SIMULATOR_TD_H
#define AVER_ATTEST_SIMULATOR_TD_H

#include "base/bytes.h"
#include "base/error.h"
#include <jansson.h>

struct simulator_td {
    uint8_t compose_hash[32], app_id[20], instance_id[20];
    uint8_t rtmr[4][48];
    json_t *log; /* array; owned */
};

/* The application's description, exactly the text that was hashed, and what
 * stands in the log about its key provider. */
extern const char simulator_app_compose[];
extern const char simulator_key_provider[];

AVER_MUST_CHECK int simulator_td_boot(struct simulator_td *td,
                                      struct aver_error *err);
void simulator_td_clear(struct simulator_td *td);

#endif
