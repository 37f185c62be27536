/* SPDX-License-Identifier: Apache-2.0
 *
 * tool: what the three programs of the benchmark share: a clock, an end with a
 * sentence, sockets on 127.0.0.1. They stand alone: no line of the program
 * that is measured is in them. */
#ifndef BENCH_TOOL_H
#define BENCH_TOOL_H

#include <stddef.h>
#include <stdint.h>

#define NS_PER_MS 1000000u
#define NS_PER_S 1000000000u

/* CLOCK_MONOTONIC, the same for every process of this machine. */
uint64_t now_ns(void);
/* One line on stderr, exit 1. */
_Noreturn void die(const char *format, ...)
    __attribute__((format(printf, 1, 2)));
/* A decimal argument from 0 to max; dies otherwise. */
unsigned number(const char *text, unsigned max);
/* As many descriptors as this process may have. */
void raise_files(void);
/* A listening socket; *port is its port, also where 0 was asked for. */
int listen_local(unsigned *port);
/* A connected socket without Nagle's delay, blocking. */
int connect_local(unsigned port);
void set_nonblocking(int fd);
/* The p-th of 1000 of n sorted values. */
uint32_t permille(const uint32_t *sorted, size_t n, unsigned p);
void sort_u32(uint32_t *v, size_t n);

#endif
