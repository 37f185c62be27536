/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_vectors: genuine evidence of tests/vectors for harnesses that judge.
 * Where it is, meson says (AVER_VECTORS), so that a harness runs anywhere. */
#ifndef AVER_TESTS_FUZZ_VECTORS_H
#define AVER_TESTS_FUZZ_VECTORS_H

#include "tdx_cases.h"

#include <assert.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A case of tests/vectors/tdx/cases, judged; it must be one that verifies, or
 * the harness would have nothing to forge. */
__attribute__((unused)) static void fuzz_open(struct tdx_case *c,
                                              const char *id)
{
    vectors_folder = AVER_VECTORS;
    tdx_case_open(c, "tdx/cases", id);
    tdx_case_judge(c);
    assert(c->verdict.word == AVER_VERIFIED);
}

#endif
