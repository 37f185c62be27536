/* SPDX-License-Identifier: Apache-2.0
 *
 * endorsements: the folder in which `aver endorse` keeps what vendors sign
 * about their hardware, and in which `aver verify` looks for it. */
#ifndef AVER_CLI_ENDORSEMENTS_H
#define AVER_CLI_ENDORSEMENTS_H

#include "base/buf.h"
#include "verify/endorsements.h"

#define ENDORSEMENTS_PATH_MAX 4096

/* The folder: `chosen` if it is not NULL; else aver/endorsements below
 * $XDG_CACHE_HOME, or below $HOME/.cache. AVER_ECONFIG if there is no such
 * variable, AVER_ELIMIT if the name is too long. */
AVER_MUST_CHECK int endorsements_folder(char out[static ENDORSEMENTS_PATH_MAX],
                                        const char *chosen,
                                        struct aver_error *err);
/* Makes the folder, and those above it, for its owner alone. */
AVER_MUST_CHECK int endorsements_make(const char *folder,
                                      struct aver_error *err);
/* Adds the `n` files named; or, if n is 0, every *.json of `folder` (NULL: no
 * folder), in the order of their names. A file that was named and cannot be
 * read is -1 with `err`; one of the folder is passed over with a line on
 * stderr, and so are those above the 64th; of NVIDIA's RIMs (rim-*) and OCSP
 * answers (ocsp-*), above the 64th and 512th of their kind. A folder that is
 * not there is an empty one. */
AVER_MUST_CHECK int endorsements_load(struct aver_endorsements *e,
                                      const char *const *paths, size_t n,
                                      const char *folder,
                                      struct aver_error *err);

#endif
