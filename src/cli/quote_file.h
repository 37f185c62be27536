/* SPDX-License-Identifier: Apache-2.0
 *
 * quote_file: a quote, in whatever form it lies in a file. */
#ifndef AVER_CLI_QUOTE_FILE_H
#define AVER_CLI_QUOTE_FILE_H

#include "base/buf.h"

#define QUOTE_FILE_MAX ((size_t)8 << 20)

/* The bytes of the quote in a file (or stdin for "-"), appended to `out`: as
 * they are, in hex or base64, or in the JSON of a guest agent or a report. -1
 * with `err` if there is none, or more than one. */
AVER_MUST_CHECK int quote_file_read(struct aver_buf *out, const char *path,
                                    struct aver_error *err);

#endif
