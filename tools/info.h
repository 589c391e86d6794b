/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What --version, --list-models and --list-features print on standard output. */
#ifndef VM_INFO_H
#define VM_INFO_H

#include <stdint.h>

void vm_info_version(uint64_t cpumask);
void vm_info_models(void);
void vm_info_features(void);

#endif
