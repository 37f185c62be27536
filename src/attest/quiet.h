/* SPDX-License-Identifier: Apache-2.0
 *
 * quiet: vendors' libraries write to whatever they find on stdout and stderr:
 * while they work, that is /dev/null. */
#ifndef AVER_ATTEST_QUIET_H
#define AVER_ATTEST_QUIET_H

struct quiet {
    int kept[2];
};
void quiet_begin(struct quiet *q);
/* What was left in stdio's buffer meanwhile is lost too. */
void quiet_end(struct quiet *q);

/* In a process that has nothing to say: what hangs in it holds nobody's pipe.
 */
void quiet_for_good(void);

#endif
