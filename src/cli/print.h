/* SPDX-License-Identifier: Apache-2.0
 *
 * print: a verdict for people and for programs. */
#ifndef AVER_CLI_PRINT_H
#define AVER_CLI_PRINT_H

#include "verify/rows.h"

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

/* Facts about a judgement; borrowed. */
struct outcome {
    /* One a scope; without scopes one. */
    const struct aver_verdict *verdict;
    const struct aver_subject *subject;
    const char *source; /* URL or file that was judged */
    int64_t at;         /* seconds since 1970: as of when */
};

/* The word for the whole. */
enum aver_word print_word(const struct outcome *o);
/* Facts, rows by question, and the verdict in the last line. Several scopes
 * have each their own, under their name; the last line is for the whole. */
void print_text(FILE *f, const struct outcome *o);
/* The last line alone, without its newline: word and one sentence. */
void print_sentence(char *out, size_t n, const struct outcome *o);
/* The object of --json. The caller owns it, and may add members. */
json_t *print_object(const struct outcome *o);
/* Dumps an object in one line and frees it. */
void print_json(json_t *object);
/* The object of a judgement that could not begin. */
json_t *print_undecided(const char *why);
/* What an event log proves of the code, as lines; as the object `code`. */
void print_code(FILE *f, const struct aver_subject *s);
json_t *print_code_object(const struct aver_subject *s);
/* What a quote says: firmware and measurements, as lines; as the members `tcb`
 * and `fields`. */
void print_cpu(FILE *f, const struct outcome *o);
void print_cpu_members(json_t *object, const struct outcome *o);
/* Which devices there are, and the four answers about each, as lines; as the
 * member `gpus`. */
void print_gpus(FILE *f, const struct outcome *o);
void print_gpu_members(json_t *object, const struct outcome *o);
/* True if only a log is judged: then the quote is taken as it stands. */
bool print_is_log_alone(const struct aver_subject *s);
/* By --json and --quiet; returns the exit status of the verdict. */
int print_outcome(const struct outcome *o, bool json, bool quiet);
/* The same where nothing could be judged: EXIT_UNDECIDED. */
int print_failure(const char *why, bool json);
int print_status(enum aver_word word);
/* What NVIDIA's service says of GPUs, and that it is the service that says so:
 * as lines; as the members `nras` and `gpus`. */
void print_nras(FILE *f, const struct outcome *o);
void print_nras_members(json_t *object, const struct outcome *o);

#endif
