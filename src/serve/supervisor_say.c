/* SPDX-License-Identifier: Apache-2.0
 *
 * supervisor_say: what the service tells those who started it: one line on
 * stdout, and the protocol of sd_notify(3) on $NOTIFY_SOCKET. */
#include "serve/supervisor.h"

#include "attest/message.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char *const tees[] = {[ATTEST_TEE_SIMULATOR] = "simulator",
                                   [ATTEST_TEE_DSTACK] = "dstack",
                                   [ATTEST_TEE_TSM] = "tsm"};

void supervisor_say_ready(const struct supervisor *s)
{
    const struct config *c = &s->config;
    printf("aver: ready");
    for (unsigned i = 0; i < c->nlisteners; i++)
        if ((int)i != c->metrics_listener)
            printf(" %s", c->listener_url[i]);
    printf(" tee=%s address=%s\n", tees[s->tee], s->address);
    fflush(stdout);
    supervisor_notify("READY=1");
}

void supervisor_notify(const char *text)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    size_t n = path ? strlen(path) : 0;
    if (n < 2 || n >= sizeof(sa.sun_path) || (*path != '/' && *path != '@'))
        return;
    memcpy(sa.sun_path, path, n);
    if (*path == '@')
        sa.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    if (sendto(fd, text, strlen(text), MSG_NOSIGNAL,
               (const struct sockaddr *)&sa,
               (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) < 0)
        log_event(LOG_WARN, "notify_socket", LOG_STR("error", "not reached"));
    close(fd);
}
