/* SPDX-License-Identifier: Apache-2.0
 *
 * endorsing: what the attester knows of its endorsements: until when they
 * hold, when to look again, when to have them fetched; and what of that it
 * logs. The looking is the collector's, the fetching is renew's. */
#ifndef AVER_ATTEST_ENDORSING_H
#define AVER_ATTEST_ENDORSING_H

#include "attest/collector.h"
#include "attest/renew.h"

#define ENDORSING_LOOK_MS 60000
#define ENDORSING_BUILT_IN_MS 3600000 /* what is built in ages as well */
#define ENDORSING_WARN_MS 3600000     /* the same thing is said again so soon */

/* What the endorsements are for. */
struct endorsing_kinds {
    bool cpu_simulated, gpus, gpu_simulated; /* gpus: there are some */
};

struct endorsing {
    bool files;         /* there is a file to look at, which may change */
    bool known;         /* somebody has looked */
    int64_t until, due; /* as in holding.h; zero: there are none */
    char missing[400];  /* what is, and why */
    uint64_t look_ms;   /* when to look next */
    struct renew renew;
    bool warned;
    uint64_t warned_ms;
    char why[400]; /* what was warned of */
};

void endorsing_init(struct endorsing *e, const struct attest_config *config,
                    const struct endorsing_kinds *kinds);
/* A subject of another kind than before: look at once. */
void endorsing_subject(struct endorsing *e, uint64_t now_ms);
/* The outcome of a look. True if it is another one than before. */
bool endorsing_news(struct endorsing *e, const struct collector_news *news,
                    int64_t now, uint64_t now_ms);
bool endorsing_look_due(const struct endorsing *e, uint64_t now_ms);
/* A look has begun, or could not. */
void endorsing_looked(struct endorsing *e, uint64_t now_ms);
/* Have they ended meanwhile? */
bool endorsing_over(const struct endorsing *e, int64_t now);
/* Starts what is due and ends what overruns. */
void endorsing_step(struct endorsing *e, int subject_fd, int64_t now,
                    uint64_t now_ms);
/* renew.fd is readable. */
void endorsing_read(struct endorsing *e, uint64_t now_ms);

#endif
