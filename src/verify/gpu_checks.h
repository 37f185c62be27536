/* SPDX-License-Identifier: Apache-2.0
 *
 * gpu_checks: the functions behind the rows of gpu_rows.c, one a row. Each
 * looks at parsed facts (gpus.h) and at signatures. */
#ifndef AVER_VERIFY_GPU_CHECKS_H
#define AVER_VERIFY_GPU_CHECKS_H

#include "verify/rows.h"

#define AVER_GPU_CHECK(name)                                                   \
    enum aver_result name(const struct aver_subject *s, struct aver_note *why)

/* gpu_checks.c: each device by itself */
AVER_GPU_CHECK(aver_check_gpu_evidence);
AVER_GPU_CHECK(aver_check_gpu_certificates);
AVER_GPU_CHECK(aver_check_gpu_root);
AVER_GPU_CHECK(aver_check_gpu_chain);
AVER_GPU_CHECK(aver_check_gpu_cert_time);
AVER_GPU_CHECK(aver_check_gpu_arch);
AVER_GPU_CHECK(aver_check_gpu_report);
AVER_GPU_CHECK(aver_check_gpu_signature);
AVER_GPU_CHECK(aver_check_gpu_fields);
AVER_GPU_CHECK(aver_check_gpu_switch_pdi);
AVER_GPU_CHECK(aver_check_gpu_fwid);
AVER_GPU_CHECK(aver_check_gpu_nonce);
AVER_GPU_CHECK(aver_check_gpu_nonce_envelope);

/* gpu_set_checks.c: all of them together */
AVER_GPU_CHECK(aver_check_gpu_distinct);
AVER_GPU_CHECK(aver_check_gpu_mode);
AVER_GPU_CHECK(aver_check_gpu_count);
AVER_GPU_CHECK(aver_check_gpu_topology);
AVER_GPU_CHECK(aver_check_gpu_bound);

/* gpu_reference_checks.c: against what NVIDIA signs */
AVER_GPU_CHECK(aver_check_gpu_rim);
AVER_GPU_CHECK(aver_check_gpu_measurements);
AVER_GPU_CHECK(aver_check_gpu_revocation);
AVER_GPU_CHECK(aver_check_gpu_rim_revocation);

/* gpu_each.c: what they share. A check of one device: */
typedef enum aver_result aver_device_check(const struct aver_subject *s,
                                           struct aver_gpu_device *d,
                                           struct aver_note *why);
/* Runs it on each, writes down what it found for the layer, and says the worst
 * with the device's number. `cause`: of a check that fails and names none. */
enum aver_result aver_each_device(const struct aver_subject *s,
                                  enum aver_layer layer,
                                  aver_device_check *check, const char *cause,
                                  struct aver_note *why);
/* Whether there are devices to look at: AVER_PASS, or what a row has to say
 * instead. */
enum aver_result aver_gpu_premise(const struct aver_subject *s,
                                  struct aver_note *why);
/* "GPU 3", "switch 9". */
#define AVER_DEVICE_NAME 24
const char *aver_device_name(char out[static AVER_DEVICE_NAME],
                             const struct aver_gpus *g, unsigned i);
/* The flaw as the note of a row that fails. */
enum aver_result aver_say_flaw(struct aver_note *why,
                               const struct aver_flaw *f);
/* Writes down what a check of all together found about one of them. */
void aver_device_found(struct aver_gpu_device *d, enum aver_layer layer,
                       enum aver_result result, const struct aver_note *why,
                       const char *cause);
/* The root that is trusted vouches for its key, dates aside. */
bool aver_device_is_vouched_for(const struct aver_subject *s,
                                const struct aver_gpu_device *d);
/* The certificates can be read, and are five. */
bool aver_has_device_chain(const struct aver_gpu_device *d);

#endif
