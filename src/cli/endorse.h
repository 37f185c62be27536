/* SPDX-License-Identifier: Apache-2.0
 *
 * endorse: what `aver endorse` has done about one platform, and how it says
 * so. */
#ifndef AVER_CLI_ENDORSE_H
#define AVER_CLI_ENDORSE_H

#include "attest/bundle.h"
#include "cli/endorsements.h"

#include <jansson.h>

enum endorse_result {
    ENDORSE_FAILED = 0, /* there is nothing valid: could not be fetched */
    ENDORSE_REFUSED,    /* something came, and is not genuine */
    ENDORSE_KEPT,       /* there, and not due */
    ENDORSE_FETCHED,    /* fetched and written */
};

struct endorsed {
    struct pcs_platform platform;
    struct aver_bytes quote;          /* a view of one of such a platform */
    char path[ENDORSEMENTS_PATH_MAX]; /* of the file */
    struct bundle bundle;             /* understood, if `result` is one of the
                                         last two */
    char from[PCS_ITEMS][128]; /* hosts that answered; "" if none was asked */
    enum endorse_result result;
    char reason[400]; /* why it failed or was refused, or is not renewed */
};

/* An item a line. */
void endorse_print(const struct endorsed *e);
/* The same as an object; the caller owns it. */
json_t *endorse_object(const struct endorsed *e);

#endif
