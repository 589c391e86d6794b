/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Figures on the terminal. */
#ifndef VM_FIGURES_H
#define VM_FIGURES_H

#include "evaluate.h"
#include "optimise.h"

enum { VM_FIGURE_NAME = 24 };

/* A file's name on standard output: on one line, and without what commands a terminal. */
void vm_figures_name(const char *name);

/* A line of column titles; first: what the rows are. */
void vm_figures_title(const char *first);

/* One row: name, rows, PLCC, SROCC, KROCC, RMSE, max error. */
void vm_figures_row(const char *name, const VmMetrics *metrics);

/* A source a row, then all of them. */
void vm_figures_evaluation(const VmEvaluation *evaluation);

/* The course of the loss, from left to right on a logarithmic scale; unit: RMSE of a scaled loss of 1. */
void vm_figures_curve(const VmTrack *track, double unit);

#endif
