/* SPDX-License-Identifier: Apache-2.0
 *
 * api_gpu: one H100 with all that NVIDIA signed about it. */
#ifndef AVER_TESTS_API_GPU_H
#define AVER_TESTS_API_GPU_H

#include "api_rig.h"

static const char *const gpu_documents[] = {
    "gpu/rims/NV_GPU_DRIVER_GH100_550.90.07.xml",
    "gpu/rims/NV_GPU_VBIOS_1010_0200_882_96009F0001.xml",
    "gpu/ocsp/rim-l2.der",
    "gpu/ocsp/rim-l3.der",
    "gpu/ocsp/rim-l4-driver-550.90.07.der",
    "gpu/ocsp/rim-l4-vbios-96009F0001.der",
    "gpu/ocsp/device-brom.der",
    "gpu/ocsp/device-provisioner.der",
    "gpu/ocsp/device-identity.der",
};

static const char gpu_folder[] = "gpu/cases/real-nvtrust-550-rim-ocsp";
#define GPU_DOCUMENTS (sizeof(gpu_documents) / sizeof(gpu_documents[0]))
#define GPU_GRACE 6048000 /* its OCSP answers are not of one day */

/* The time for which it is judged, and the nonce. */
__attribute__((unused)) static int64_t gpu_expected(uint8_t nonce[32])
{
    char path[256];

    snprintf(path, sizeof(path), "%s/expected.json", gpu_folder);
    json_t *expected = api_index(path);
    int64_t at = json_integer_value(json_object_get(expected, "now"));
    api_hex_32(nonce, api_text(expected, "nonce"));
    json_decref(expected);
    return at;
}

__attribute__((unused)) static struct api_file gpu_payload(void)
{
    char path[256];

    snprintf(path, sizeof(path), "%s/payload.json", gpu_folder);
    return api_read(path);
}

#endif
