/* SPDX-License-Identifier: Apache-2.0
 *
 * members: puts values into the objects of --json. Out of memory ends the
 * program; each takes the value over. */
#ifndef AVER_CLI_MEMBERS_H
#define AVER_CLI_MEMBERS_H

#include "base/bytes.h"

#include <jansson.h>

void member_put(json_t *object, const char *name, json_t *value);
/* What is empty is left out. At most 64 bytes. */
void member_text(json_t *object, const char *name, const char *text);
void member_hex(json_t *object, const char *name, struct aver_bytes b);
void member_item(json_t *array, json_t *value);

#endif
