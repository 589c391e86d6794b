/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Numbers from text: the whole text, whatever the locale. All return 0, -EINVAL (no number) or
 * -ERANGE (beyond max), and set *value only on success. */
#ifndef VM_NUMBER_H
#define VM_NUMBER_H

#include <stdint.h>

/* Decimal digits only. */
int vm_number_decimal(const char *text, uint64_t max, uint64_t *value);

/* Also 0x and 0 prefixes, as in C. */
int vm_number_unsigned(const char *text, uint64_t max, uint64_t *value);

/* A finite decimal fraction, e.g. "-1.5e3". */
int vm_number_real(const char *text, double *value);

#endif
