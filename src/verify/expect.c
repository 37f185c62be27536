/* SPDX-License-Identifier: Apache-2.0
 *
 * expect: the table of names and sizes. */
#include "verify/expect.h"
#include "base/suggest.h"
#include "base/text.h"

#include <string.h>

static const struct {
    const char *name;
    size_t size;
} names[AVER_EXPECTS] = {
    [AVER_EXPECT_MRTD] = {"mrtd", 48},
    [AVER_EXPECT_RTMR0] = {"rtmr0", 48},
    [AVER_EXPECT_RTMR1] = {"rtmr1", 48},
    [AVER_EXPECT_RTMR2] = {"rtmr2", 48},
    [AVER_EXPECT_RTMR3] = {"rtmr3", 48},
    [AVER_EXPECT_MRCONFIGID] = {"mrconfigid", 48},
    [AVER_EXPECT_MROWNER] = {"mrowner", 48},
    [AVER_EXPECT_MROWNERCONFIG] = {"mrownerconfig", 48},
    [AVER_EXPECT_MRSEAM] = {"mrseam", 48},
    [AVER_EXPECT_MRENCLAVE] = {"mrenclave", 32},
    [AVER_EXPECT_MRSIGNER] = {"mrsigner", 32},
    [AVER_EXPECT_REPORT_DATA] = {"report-data", 64},
    [AVER_EXPECT_OS_IMAGE_HASH] = {"os-image-hash", 32},
    [AVER_EXPECT_COMPOSE_HASH] = {"compose-hash", 32},
    [AVER_EXPECT_APP_ID] = {"app-id", 20},
};

const char *aver_expect_name(enum aver_expect_name i)
{
    return names[i].name;
}

size_t aver_expect_size(enum aver_expect_name i)
{
    return names[i].size;
}

static int unknown(const char *name, struct aver_error *err)
{
    struct aver_suggestion s;
    char near[80];

    aver_suggest_start(&s, name);
    for (unsigned i = 0; i < AVER_EXPECTS; i++)
        aver_suggest_offer(&s, names[i].name);
    return aver_fail(err, AVER_ECONFIG,
                     "nothing is called \"%.40s\" that could be expected%s",
                     name, aver_suggest_text(&s, near, sizeof(near)));
}

int aver_expect_set(struct aver_expect *e, const char *name,
                    struct aver_bytes hex, struct aver_error *err)
{
    unsigned i = 0;

    while (i < AVER_EXPECTS && strcmp(names[i].name, name) != 0)
        i++;
    if (i == AVER_EXPECTS)
        return unknown(name, err);
    if (e->of[i].set)
        return aver_fail(err, AVER_ECONFIG, "%s is expected twice", name);
    if (aver_hex_decode(e->of[i].v, names[i].size, hex) != 0)
        return aver_fail(err, AVER_ECONFIG, "%s: expected %zu hex digits", name,
                         2 * names[i].size);
    e->of[i].set = true;
    return 0;
}

bool aver_expect_any(const struct aver_expect *e)
{
    for (unsigned i = 0; i < AVER_EXPECTS; i++)
        if (e->of[i].set)
            return true;
    return false;
}
