/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* An evaluation as one HTML page: figures, a scatter plot, residuals. Nothing is loaded from elsewhere. */
#ifndef VM_HTML_REPORT_H
#define VM_HTML_REPORT_H

#include "evaluate.h"
#include "exitcode.h"
#include "message.h"

enum VmExit vm_html_save(const VmEvaluation *evaluation, const VmTiny *model,
                         const VmDataset *dataset, const char *model_path, const char *path,
                         VmMessages *messages);

#endif
