/* SPDX-License-Identifier: Apache-2.0
 *
 * gpu_texts: the GPU evidence that stands in a JSON text, at any depth, and
 * also in texts inside of it that are JSON themselves (nvidia_payload). Finds;
 * reads nothing of it. */
#ifndef AVER_CLI_GPU_TEXTS_H
#define AVER_CLI_GPU_TEXTS_H

#include "base/buf.h"

#define GPU_TEXTS_MAX 64

/* Zeroed: none. */
struct gpu_texts {
    size_t n;
    struct aver_buf of[GPU_TEXTS_MAX]; /* each once */
};

void gpu_texts_clear(struct gpu_texts *t);
/* Adds what is found; other texts than JSON have none. -1 with `err` if there
 * is too much. */
AVER_MUST_CHECK int gpu_texts_add(struct gpu_texts *t, struct aver_bytes text,
                                  struct aver_error *err);

#endif
