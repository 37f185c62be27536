/* SPDX-License-Identifier: Apache-2.0
 *
 * version: which aver this is. Defined once, where the build knows it. */
#ifndef AVER_BASE_VERSION_H
#define AVER_BASE_VERSION_H

extern const char aver_version[]; /* e.g. "0.1.0" */
extern const char aver_commit[];  /* abbreviated hash, or "unknown" */

#endif
