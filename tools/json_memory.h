/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#ifndef VM_JSON_MEMORY_H
#define VM_JSON_MEMORY_H

/* jansson (2.14 and before) ignores that memory ran out while it gathers the characters of a number or text: it
 * goes on without some of them, and a model scores with other numbers. So a program ends with VM_EXIT_INTERNAL
 * and "NAME: error: out of memory" when jansson gets none. To be called before anything reads JSON; name stays
 * valid. For programs only: a library must not decide that. */
void vm_json_memory_watch(const char *name);

#endif
