/* SPDX-License-Identifier: Apache-2.0
 *
 * tree: a JSON text from outside as a tree, unless that would take far more
 * memory than the text: a value costs 40 bytes, be it written in two. */
#ifndef AVER_CLI_TREE_H
#define AVER_CLI_TREE_H

#include "base/json.h"

#define TREE_VALUES_MAX 300000

/* As aver_json_parse; AVER_ELIMIT for more values than that. */
json_t *tree_parse(struct aver_bytes text, struct aver_error *err);

#endif
