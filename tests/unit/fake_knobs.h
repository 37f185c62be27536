/* SPDX-License-Identifier: Apache-2.0
 *
 * fake_knobs: how a stand-in library is told what to do: by the environment,
 * or by lines NAME=VALUE in the file LIBRARY.knobs, which beat it and may
 * change while the library is in use. */
#ifndef AVER_TESTS_FAKE_KNOBS_H
#define AVER_TESTS_FAKE_KNOBS_H

#include <dlfcn.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char knob_value[200];

/* The value, valid until the next call; NULL if the knob is not set. */
static const char *knob_text(const char *name)
{
    char path[1100], line[200];
    size_t n = strlen(name);
    const char *found = NULL;
    Dl_info self;
    FILE *f = NULL;

    if (dladdr(knob_value, &self) != 0 && self.dli_fname) {
        snprintf(path, sizeof(path), "%s.knobs", self.dli_fname);
        f = fopen(path, "re");
    }
    while (f && fgets(line, sizeof(line), f))
        if (strncmp(line, name, n) == 0 && line[n] == '=') {
            line[strcspn(line, "\n")] = '\0';
            snprintf(knob_value, sizeof(knob_value), "%s", line + n + 1);
            found = knob_value;
        }
    if (f)
        fclose(f);
    return found ? found : getenv(name);
}

static int knob(const char *name, int otherwise)
{
    const char *text = knob_text(name);

    return text && *text ? (int)strtol(text, NULL, 0) : otherwise;
}

static bool knob_is(const char *name, const char *value)
{
    const char *text = knob_text(name);

    return text && strcmp(text, value) == 0;
}

/* At the head of each call: hangs, crashes or chatters if that is wanted. */
__attribute__((unused)) static void knob_mischief(const char *call)
{
    if (knob("FAKE_NOISE", 0)) {
        static const char noise[] = "noise straight on a descriptor\n";
        printf("noise on stdout in %s\nand half a line", call);
        fprintf(stderr, "noise on stderr in %s\n", call);
        for (int fd = 1; fd <= 2; fd++)
            if (write(fd, noise, sizeof(noise) - 1) < 0)
                abort();
    }
    while (knob_is("FAKE_HANG", call))
        usleep(10000);
    if (knob_is("FAKE_CRASH", call))
        raise(SIGSEGV);
}

#endif
