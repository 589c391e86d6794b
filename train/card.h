/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Model cards and the registry of models. */
#ifndef VM_CARD_H
#define VM_CARD_H

#include <jansson.h>

#include "exitcode.h"
#include "message.h"
#include "tiny/tiny.h"

typedef struct VmCardFacts {
    const char *id, *kind;                                /* "fr", "nr", "filter" */
    const char *dataset, *license, *notes, *train_commit; /* may be NULL */
    const char *train_config, *manifest; /* files, whose bytes are digested; or NULL */
} VmCardFacts;

/* -EINVAL and a sentence if an id or a kind is none. */
int vm_card_check(const VmCardFacts *facts, VmError *error);

/* The description beside a model: MODEL.json. NULL: no memory, or a file cannot be read (sentence). */
json_t *vm_card_json(const VmTiny *model, const VmCardFacts *facts, VmError *error);

/* The same for people: MODEL.md. */
void vm_card_text(VmText *text, const VmTiny *model, const VmCardFacts *facts);

/* Writes FOLDER/ID.onnx, ID.json and ID.md, and the entry in FOLDER/registry.json, replacing one of the same
 * id. Waits until nobody else changes that registry. bytes[size]: the model's file, which is refused unless it
 * is one file. */
enum VmExit vm_card_register(const char *folder, const void *bytes, size_t size,
                             const VmCardFacts *facts, VmMessages *messages);

#endif
