/* SPDX-License-Identifier: Apache-2.0
 *
 * agent_socket: see agent_socket.h. */
#include "net/agent_socket.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char *const usual_places[] = {
    "/var/run/dstack.sock",        "/run/dstack.sock",
    "/var/run/dstack/dstack.sock", "/run/dstack/dstack.sock",
    "/var/run/tappd.sock",         "/run/tappd.sock",
};

static bool is_socket(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISSOCK(st.st_mode);
}

static int find_configured(const char *path, struct aver_error *err)
{
    struct stat st;

    if (path[0] != '/')
        return aver_fail(err, AVER_ECONFIG,
                         "%.60s: a guest agent's socket is an absolute path",
                         path);
    if (strlen(path) >= 108)
        return aver_fail(err, AVER_ECONFIG, "%.60s... is too long for a socket",
                         path);
    if (stat(path, &st) != 0)
        return aver_fail(err, AVER_EABSENT, "no guest agent at %s: %s", path,
                         strerror(errno));
    /* Docker makes a directory where the mount's source was missing. */
    if (!S_ISSOCK(st.st_mode))
        return aver_fail(err, AVER_EABSENT,
                         "%s is %s, not the guest agent's "
                         "socket",
                         path, S_ISDIR(st.st_mode) ? "a directory" : "a file");
    return 0;
}

int agent_socket_find(const char *configured, char path[static 108],
                      struct aver_error *err)
{
    if (configured) {
        if (strncmp(configured, "unix:", 5) == 0)
            configured += 5; /* as an engine is written */
        if (find_configured(configured, err) != 0)
            return -1;
        snprintf(path, 108, "%s", configured);
        return 0;
    }
    for (size_t i = 0; i < sizeof(usual_places) / sizeof(*usual_places); i++) {
        if (!is_socket(usual_places[i]))
            continue;
        snprintf(path, 108, "%s", usual_places[i]);
        return 0;
    }
    return aver_fail(err, AVER_EABSENT,
                     "no dstack guest agent: none of /var/run/dstack.sock, "
                     "/run/dstack.sock, dstack/dstack.sock and tappd.sock "
                     "there is a socket");
}
