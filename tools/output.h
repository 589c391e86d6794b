/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Where results go, and whether they got there. */
#ifndef VM_OUTPUT_H
#define VM_OUTPUT_H

#include "engine.h"

/* Tries, before hours of work, whether standard output and the report's place can be written. */
enum VmExit vm_output_check(const VmArgs *args, VmMessages *messages);

/* Writes the report if there is to be one. */
enum VmExit vm_output_report(VmEngine *engine, double wall_seconds);

/* Flushes standard output. */
enum VmExit vm_output_flush(VmMessages *messages);

#endif
