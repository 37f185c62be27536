/* SPDX-License-Identifier: Apache-2.0
 *
 * file: reads what the command line names. */
#ifndef AVER_CLI_FILE_H
#define AVER_CLI_FILE_H

#include "base/buf.h"

/* The whole of a file, or of stdin for "-", appended to `out`, which has a
 * maximum. -1 with `err` if it cannot be read or is larger. */
AVER_MUST_CHECK int file_read(struct aver_buf *out, const char *path,
                              struct aver_error *err);
/* SHA-256 of a file of any size. */
AVER_MUST_CHECK int file_sha256(uint8_t out[static 32], const char *path,
                                struct aver_error *err);
/* Writes a file: the content is there whole, or not at all. */
AVER_MUST_CHECK int file_write(const char *path, struct aver_bytes content,
                               struct aver_error *err);
/* A bearer token: first line of the file, or with NULL the variable
 * AVER_TOKEN. Appended to `out`, with nothing if none is set. -1 with
 * AVER_ECONFIG if it is empty or holds what no header may hold. */
AVER_MUST_CHECK int file_token(struct aver_buf *out, const char *path,
                               struct aver_error *err);

#endif
