/* SPDX-License-Identifier: Apache-2.0
 *
 * info: the guest agent's /Info as reports show it. */
#ifndef AVER_ATTEST_INFO_H
#define AVER_ATTEST_INFO_H

#include "base/buf.h"

/* Appends `info`, the text of an object, in compact form, with its tcb_info
 * turned from a text into an object, and tcb_info's event_log into an array,
 * where they are texts. Every other text stays what it is, so that the digest
 * of app_compose still fits. */
AVER_MUST_CHECK int info_write(struct aver_buf *out, struct aver_bytes info,
                               struct aver_error *err);

#endif
