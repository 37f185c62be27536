/* SPDX-License-Identifier: Apache-2.0
 *
 * fake_env: forgets the knobs of the stand-in libraries (fake_knobs.h), but
 * not where those are. */
#ifndef AVER_TESTS_FAKE_ENV_H
#define AVER_TESTS_FAKE_ENV_H

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

static void fake_env_clear(void)
{
    for (char **e = environ; *e;) {
        char name[64];
        size_t n = strcspn(*e, "=");

        if (strncmp(*e, "FAKE_", 5) == 0 && n < sizeof(name) &&
            strstr(*e, ".so") == NULL) {
            memcpy(name, *e, n);
            name[n] = '\0';
            unsetenv(name);
        } else {
            e++;
        }
    }
}

#endif
