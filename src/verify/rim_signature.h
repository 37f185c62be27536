/* SPDX-License-Identifier: Apache-2.0
 *
 * rim_signature: how a RIM is signed: by one enveloped signature (XML-DSIG,
 * RFC 3275 and 4051) that stands last in the root, covers the whole document,
 * and has one form, element for element. For rim.c. */
#ifndef AVER_VERIFY_RIM_SIGNATURE_H
#define AVER_VERIFY_RIM_SIGNATURE_H

#include "verify/rim.h"
#include "verify/xml.h"

/* The flaw of a machine, not of a RIM. */
#define AVER_RIM_NO_MEMORY "memory"

/* The element; AVER_XML_NONE with the flaw "rim_signature_count" if there is
 * none, more than one anywhere, or one somewhere else. */
unsigned aver_rim_signature_find(const struct aver_xml *x,
                                 struct aver_flaw *flaw);
/* Fills the digests, SignedInfo, signature and chain of `r`, or its flaw:
 * "rim_algorithm", "rim_digest", "rim_signature", "rim_chain:…". */
void aver_rim_signature_read(struct aver_rim *r, const struct aver_xml *x,
                             unsigned signature, struct aver_ec *ec);
/* "rim_chain:root" of "root". */
const char *aver_rim_chain_cause(const char *cause);

#endif
