/* SPDX-License-Identifier: Apache-2.0
 *
 * OCSP answers: what we read, OpenSSL reads too, and the same way. */
#include "ocsp_check.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool taken;

    assert(ocsp_differs(aver_bytes_of(data, size), &taken) == NULL);
    return 0;
}
