/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The cache of models, the choice and explanation of the worst frames, clips that are frames
 * apart. */
#include <math.h>

#include "align.h"
#include "toolbox.h"
#include "unit.h"
#include "worst.h"

/* ---- models ---- */

typedef struct Models {
    VmToolbox box;
    char folder[64], path[96];
} Models;

static void put(const Models *m, const char *text)
{
    FILE *f = fopen(m->path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static int open_models(void **state)
{
    Models *m = calloc(1, sizeof(*m));
    VmError error = {{0}};
    strcpy(m->folder, "/tmp/vmaf-models-XXXXXX");
    assert_non_null(mkdtemp(m->folder));
    (void)snprintf(m->path, sizeof(m->path), "%s/m.json", m->folder);
    put(m, TEST_MODEL(""));
    assert_int_equal(vm_toolbox_open(&m->box, m->folder, &error), 0);
    *state = m;
    return 0;
}

static int close_models(void **state)
{
    Models *m = *state;
    vm_toolbox_close(&m->box);
    unlink(m->path);
    rmdir(m->folder);
    free(m);
    return 0;
}

static VmCachedModel *take(Models *m, const char *text)
{
    VmArgs args = {0};
    VmError error = {{0}};
    VmCachedModel *taken = NULL;
    assert_int_equal(vm_args_add_model(&args, text, NULL), 0);
    if (vm_model_cache_take(&m->box.models, &m->box.roots, &args.models[0], text, &taken, &error))
        assert_true(*error.text);
    vm_args_free(&args);
    return taken;
}

static void give(Models *m, VmCachedModel *taken)
{
    vm_model_cache_give(&m->box.models, taken);
}

static void a_model_is_read_once(void **state)
{
    Models *m = *state;
    VmCachedModel *first = take(m, "path=m.json");
    assert_non_null(first);
    give(m, first);
    for (int i = 0; i < 5; i++) {
        VmCachedModel *again = take(m, "path=m.json");
        assert_ptr_equal(again, first);
        give(m, again);
    }
    assert_int_equal(m->box.models.loads, 1);
}

static void two_calls_have_two_models(void **state)
{
    Models *m = *state;
    VmCachedModel *a = take(m, "path=m.json"), *b = take(m, "path=m.json");
    assert_non_null(b);
    assert_ptr_not_equal(a, b);
    give(m, a);
    give(m, b);
    assert_int_equal(m->box.models.loads, 2);
}

static void a_file_that_changed_is_read_again(void **state)
{
    Models *m = *state;
    give(m, take(m, "path=m.json"));
    put(m, TEST_MODEL(", \"score_clip\": [0, 50]"));
    VmCachedModel *changed = take(m, "path=m.json");
    assert_non_null(changed);
    give(m, changed);
    assert_int_equal(m->box.models.loads, 2);
    put(m, "{}");
    assert_null(take(m, "path=m.json"));
    assert_int_equal(m->box.models.loads, 2);
}

static void names_and_options_make_other_models(void **state)
{
    Models *m = *state;
    static const char *const texts[] = {"path=m.json", "path=m.json:name=x",
                                        "path=m.json:disable_clip",
                                        "path=m.json:motion.motion_force_zero=true"};
    for (size_t i = 0; i < VM_COUNT(texts); i++) give(m, take(m, texts[i]));
    assert_int_equal(m->box.models.loads, 4);
    for (size_t i = 0; i < VM_COUNT(texts); i++) give(m, take(m, texts[i]));
    assert_int_equal(m->box.models.loads, 4);
}

static void more_models_than_places(void **state)
{
    Models *m = *state;
    VmCachedModel *all[VM_CACHE_ENTRIES + 3];
    char text[64];
    for (unsigned i = 0; i < VM_COUNT(all); i++) {
        (void)snprintf(text, sizeof(text), "path=m.json:name=n%u", i);
        all[i] = take(m, text);
        assert_non_null(all[i]);
    }
    for (unsigned i = 0; i < VM_COUNT(all); i++) give(m, all[i]);
    VmCachedModel *kept = take(m, "path=m.json:name=n0");
    assert_ptr_equal(kept, all[0]);
    give(m, kept);
}

static void models_that_are_not_there(void **state)
{
    Models *m = *state;
    assert_null(take(m, "version=vmaf_v0.6.0x"));
    assert_null(take(m, "path=none.json"));
    assert_null(take(m, "path=/etc/passwd"));
    assert_null(take(m, "path=m.json:nothing.option=1"));
    assert_int_equal(m->box.models.loads, 0);
}

/* ---- worst frames ---- */

enum { ROWS = 8 };

/* Columns as TEST_MODEL reads them, and its score in the third. */
static VmFrameTable make_table(VmafModel *model)
{
    static const char *const names[] = {"integer_adm2", "integer_motion2", "vmaf", "idle"};
    VmFrameTable t = {.n_columns = 4, .n_rows = ROWS};
    t.columns = calloc(4, sizeof(*t.columns));
    t.frames = calloc(ROWS, sizeof(*t.frames));
    t.values = calloc((size_t)ROWS * 4, sizeof(*t.values));
    for (int c = 0; c < 4; c++) t.columns[c] = strdup(names[c]);
    for (unsigned i = 0; i < ROWS; i++) {
        double *row = t.values + (size_t)i * 4;
        t.frames[i] = 10 + i;
        row[0] = i == 5 ? 0.2 : -1.25; /* near a support vector: the score is high */
        row[1] = i == 2 ? 1 : -1.25;
        row[3] = i == 5 ? -7 : 7;
    }
    for (unsigned i = 0; i < ROWS; i++)
        assert_int_equal(vmaf_ext_model_predict(model, (const char *const *)t.columns, 2,
                                                t.values + (size_t)i * 4, 1, NULL,
                                                &t.values[(size_t)i * 4 + 2], NULL, 0),
                         0);
    return t;
}

static void free_table(VmFrameTable *t)
{
    for (unsigned c = 0; c < t->n_columns; c++) free(t->columns[c]);
    free(t->columns);
    free(t->frames);
    free(t->values);
}

static void the_feature_that_fell_is_named(void **state)
{
    (void)state;
    VmafModel *model = test_model();
    VmFrameTable t = make_table(model);
    VmCulprit c[4];
    const double lost = t.values[2] - t.values[5 * 4 + 2];
    double *usual = NULL;
    const atomic_int on = 0;
    assert_true(lost > 0.1);
    assert_int_equal(vm_worst_usual(&t, &on, &usual), 0);
    assert_int_equal(vm_worst_explain(&t, model, usual, 5, c, 4), 1);
    assert_string_equal(t.columns[c[0].column], "integer_adm2");
    assert_true(c[0].value == 0.2 && c[0].usual == -1.25);
    assert_true(fabs(c[0].points - lost) < 1e-12);
    /* also where another feature is at fault, and where none is */
    assert_int_equal(vm_worst_explain(&t, model, usual, 2, c, 4), 1);
    assert_string_equal(t.columns[c[0].column], "integer_motion2");
    assert_int_equal(vm_worst_explain(&t, model, usual, 0, c, 4), 0); /* as usual */
    vm_free(usual);
    vmaf_model_destroy(model);
    free_table(&t);
}

/* All columns were sorted for each of the frames, whatever time it took. */
static void the_search_ends_when_told(void **state)
{
    (void)state;
    VmafModel *model = test_model();
    VmFrameTable t = make_table(model);
    const atomic_int stopped = 1;
    unsigned rows[4];
    double *usual = NULL;
    assert_int_equal(vm_worst_usual(&t, &stopped, &usual), -ECANCELED);
    assert_null(usual);
    assert_int_equal(vm_worst_pick(&t, 2, 0, &stopped, rows, 4), 1);
    vmaf_model_destroy(model);
    free_table(&t);
}

static void the_lowest_are_picked(void **state)
{
    (void)state;
    double values[] = {5, 3, 4, NAN, 1, 2, 9, 2};
    unsigned frames[ROWS] = {0, 1, 2, 3, 4, 5, 6, 7}, rows[ROWS];
    char *names[] = {"x"};
    const VmFrameTable t = {1, ROWS, names, frames, values};
    assert_int_equal(vm_worst_column(&t, "x"), 0);
    assert_int_equal(vm_worst_column(&t, "y"), -1);
    assert_int_equal(vm_worst_pick(&t, 0, 0, NULL, rows, 4), 4);
    const unsigned lowest[] = {4, 5, 7, 1};
    assert_memory_equal(rows, lowest, sizeof(lowest));
    assert_int_equal(vm_worst_pick(&t, 0, 2, NULL, rows, 8), 3);
    const unsigned apart[] = {4, 7, 1};
    assert_memory_equal(rows, apart, sizeof(apart));
    assert_int_equal(vm_worst_pick(&t, 0, 0, NULL, rows, 8), 7); /* one has no value */
}

/* ---- alignment ---- */

/* offset: dis[i] shows what ref[i + offset] does; step: how far the pattern moves in a frame */
static int offset_found(unsigned n, int offset, unsigned step, unsigned bpc, unsigned noise)
{
    VmAlign align = {{NULL}};
    for (unsigned i = 0; i < n; i++) {
        VmafPicture pics[2] = {
            test_picture_deep(96, 54, bpc, (10 + i) * step, 0),
            test_picture_deep(96, 54, bpc, (unsigned)(10 + (int)i + offset) * step, noise)};
        vm_align_add(&align, pics);
        (void)vmaf_picture_unref(&pics[0]);
        (void)vmaf_picture_unref(&pics[1]);
    }
    const int found = vm_align_offset(&align);
    vm_align_free(&align);
    return found;
}

static void clips_that_are_frames_apart(void **state)
{
    (void)state;
    for (int k = -VM_ALIGN_MOST; k <= VM_ALIGN_MOST; k++) {
        assert_int_equal(offset_found(20, k, 1, 8, 5), k);
        assert_int_equal(offset_found(200, k, 1, 10, 5), k);
    }
    assert_int_equal(offset_found(20, 0, 1, 8, 60), 0);
    assert_int_equal(offset_found(20, 2, 0, 8, 5), 0); /* nothing moves */
    assert_int_equal(offset_found(15, 1, 1, 8, 0), 0); /* too short to say */
    assert_int_equal(offset_found(20, 3, 1, 16, 0), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_model_is_read_once, open_models, close_models),
        cmocka_unit_test_setup_teardown(two_calls_have_two_models, open_models, close_models),
        cmocka_unit_test_setup_teardown(a_file_that_changed_is_read_again, open_models,
                                        close_models),
        cmocka_unit_test_setup_teardown(names_and_options_make_other_models, open_models,
                                        close_models),
        cmocka_unit_test_setup_teardown(more_models_than_places, open_models, close_models),
        cmocka_unit_test_setup_teardown(models_that_are_not_there, open_models, close_models),
        cmocka_unit_test(the_feature_that_fell_is_named),
        cmocka_unit_test(the_search_ends_when_told),
        cmocka_unit_test(the_lowest_are_picked),
        cmocka_unit_test(clips_that_are_frames_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
