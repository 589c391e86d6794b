/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Compiled once for each instruction set. */
#include "dense_tmpl.h"
