/* SPDX-License-Identifier: Apache-2.0
 *
 * TDX lite: a vm_config (JSON), or a measurement (CBOR) without the hashes in
 * front of it. What is read gives registers. */
#include "verify/lite.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct aver_acpi acpi;
    struct aver_lite l = {.memory_size = 0xb0000000};
    struct aver_error err;
    uint8_t out[48];

    if (size > 0 && data[0] == '{') {
        if (aver_lite_parse(&l, aver_bytes_of(data, size), &err) != 0)
            return 0;
    } else if (aver_measurement_parse(&l.m, aver_bytes_of(data, size), &err) !=
               0) {
        return 0;
    }
    assert(l.m.n > 0 && l.m.n <= AVER_LITE_RANGES);
    aver_lite_rtmr0(out, &l, &acpi);
    aver_lite_rtmr1(out, &l);
    aver_lite_rtmr2(out, &l);
    return 0;
}
