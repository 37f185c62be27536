/* SPDX-License-Identifier: Apache-2.0
 *
 * fields: members of a JSON object whose form is laid down. The first that is
 * missing or of another form makes a fault; later ones then read as zero, so
 * that a parser looks at `failed` once, at its end. */
#ifndef AVER_VERIFY_FIELDS_H
#define AVER_VERIFY_FIELDS_H

#include "base/json.h"

struct aver_fields {
    const json_t *object;
    const char *where;      /* how the object is called in sentences */
    bool *failed;           /* shared by all objects of a document */
    struct aver_error *err; /* likewise; may be NULL */
};

void aver_fields_init(struct aver_fields *f, const json_t *object,
                      const char *where, bool *failed, struct aver_error *err);
/* A member that is an object; its own members read as missing if not. */
struct aver_fields aver_fields_object(const struct aver_fields *f,
                                      const char *name);
/* An element of an array. */
struct aver_fields aver_fields_element(const struct aver_fields *f,
                                       const json_t *array, size_t i,
                                       const char *where);
/* Array of at most `max` elements; NULL if not there (and then a fault,
 * unless it is optional). */
const json_t *aver_fields_array(const struct aver_fields *f, const char *name,
                                size_t max, bool optional);
/* Text; "" if not there. */
const char *aver_fields_text(const struct aver_fields *f, const char *name);
/* n bytes from 2 n hex digits of either case. */
void aver_fields_hex(const struct aver_fields *f, const char *name,
                     uint8_t *out, size_t n);
/* A plain integer of 0 to max. */
uint64_t aver_fields_number(const struct aver_fields *f, const char *name,
                            uint64_t max);
/* YYYY-MM-DDThh:mm:ssZ in seconds since 1970. */
int64_t aver_fields_date(const struct aver_fields *f, const char *name);
/* Marks the document as faulty: "WHERE.NAME WHAT". */
void aver_fields_fault(const struct aver_fields *f, const char *name,
                       const char *what);

#endif
