/* SPDX-License-Identifier: Apache-2.0
 *
 * fwid: the digest of a device's first mutable firmware, which its boot ROM
 * writes into the leaf, in one of two forms under TCG's object identifiers for
 * DICE: 2.23.133.5.4.1 with the boot ROM's key beside it (GH100, LS10), or
 * 2.23.133.5.4.1.1, a DiceTcbInfo (GB100). */
#ifndef AVER_VERIFY_FWID_H
#define AVER_VERIFY_FWID_H

#include "crypto/cert.h"

#define AVER_FWID_SIZE 48

/* 1 with the SHA-384; 0 if the leaf has no such extension; -1 with the reason
 * why it cannot be believed. A boot ROM's key in it must be that of `brom`. */
AVER_MUST_CHECK int aver_fwid_read(uint8_t digest[static AVER_FWID_SIZE],
                                   const struct aver_cert *leaf,
                                   const struct aver_cert *brom,
                                   const char **why);

#endif
