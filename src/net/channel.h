/* SPDX-License-Identifier: Apache-2.0
 *
 * channel: SOCK_SEQPACKET pairs between aver's processes, and the messages by
 * which the supervisor introduces them to each other. One message is one
 * packet; a file descriptor may ride along (SCM_RIGHTS).
 *
 *   supervisor --control--> notary, attester, worker     (fd 3 of each role)
 *   worker     <--pair----> notary                       (notary/message.h)
 *   worker     <--pair----> attester                     (attest/message.h)
 *   attester   <--pair----> notary                       (HELLO only)      */
#ifndef AVER_NET_CHANNEL_H
#define AVER_NET_CHANNEL_H

#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CHANNEL_VERSION 0x41560001u /* first word of every message */
#define ROLE_CONTROL_FD 3
#define ROLE_CONFIG_FD 4  /* sealed memfd: the effective configuration */
#define ROLE_METRICS_FD 5 /* workers: shared counters */
#define ROLE_LISTEN_FD 6  /* workers: the first of the listeners */

enum control_type {
    CONTROL_PEER = 1, /* to notary, attester: fd is the pair to worker `slot` */
    CONTROL_NOTARY,   /* to attester, worker: fd is the pair to the notary */
    CONTROL_ATTESTER, /* to worker: fd is the pair to the attester */
    CONTROL_DRAIN,    /* to worker: finish what runs, then exit 0 */
    CONTROL_READY,    /* to supervisor: this role works (attester: value is
                         enum attest_tee) */
    CONTROL_FAILED,   /* to supervisor: cannot work; value is the exit status
                         the program should end with; text says why */
    /* the notary's HELLO (notary/message.h) also comes on the control pair */
};

#define CONTROL_SLOT_ATTESTER 0xffffffffu /* slot in CONTROL_PEER to notary */

struct control {
    uint32_t version, type, slot, value;
    uint64_t generation; /* of the notary that is meant */
    char text[232];      /* NUL-terminated; with CONTROL_FAILED */
};

/* Makes a pair, close-on-exec. */
AVER_MUST_CHECK int channel_pair(int fd[2], struct aver_error *err);
/* Sends one packet, `pass` rides along unless -1. 0; 1 if it would block;
 * -1 if the peer is gone. Never raises SIGPIPE. */
AVER_MUST_CHECK int channel_send(int fd, const void *p, size_t n, int pass);
/* Receives one packet without blocking (blocking with `wait`). Its length;
 * 0 if the peer is gone; -1 if none is there (or, with errno EMSGSIZE, if it
 * was longer than `cap`). *pass (may be NULL) becomes the descriptor that rode
 * along, close-on-exec, or -1; a descriptor nobody asked for is closed. */
ssize_t channel_recv(int fd, void *p, size_t cap, int *pass, bool wait);

#endif
